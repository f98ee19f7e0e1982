"""Calibration: fit what turns features into probabilities on labelled questions, and say how good it is on others."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.calibration.fitting import (
    describe_contexts,
    draft,
    fit_quality,
    fit_sentences,
    predict_quality,
    report_by_set,
)
from engine.calibration.pools import PooledQuestion, find_sets, pool_questions
from engine.context.coefficients import PATH
from engine.context.quality import FEATURES as QUALITY_FEATURES
from engine.embedding import load_embedder
from engine.errors import InputError
from engine.settings import PipelineSettings

QUESTIONS_PER_SET = 2000
# Gold spans longer than this tell which passage supports an answer, not which sentence.
LONGEST_GOLD = 400
Progress = Callable[[int, int, str], None]


def calibrate(
    data: Path, settings: PipelineSettings, out: Path = PATH, progress: Progress | None = None
) -> dict[str, Any]:
    """Fit the weights of evidence and context quality, write them with their provenance, return the provenance.

    Args:
        data: a set's folder, or one of several.

    Raises:
        InputError: no set with gold spans, or questions of one class only.
    """
    sets = find_sets(data)
    pooled: list[PooledQuestion] = []
    for i, labelled in enumerate(sets):
        if progress:
            progress(i, len(sets), f"retrieving for {labelled.name}")
        pooled += pool_questions(labelled, settings, QUESTIONS_PER_SET, both=True)
    if progress:
        progress(len(sets), len(sets), "fitting")
    fitted = [p for p in pooled if not p.held_out]
    held_out = [p for p in pooled if p.held_out]
    sentence = fit_sentences([p for p in fitted if _is_precise(p)])
    coefficients = draft(sentence, len(QUALITY_FEATURES))
    x, y = describe_contexts(fitted, coefficients, settings.budget_tokens)
    if y.all() or not y.any():
        raise InputError(
            f"{data}: all {len(y)} contexts are {'supported' if y.all() else 'unsupported'}; quality needs both kinds.",
            "Add questions that the documents do not answer (answerable: false), or ones that they do.",
        )
    quality = fit_quality(x, y)
    held_x, held_y = describe_contexts(held_out, coefficients, settings.budget_tokens)
    provenance = {
        "data": [labelled.name for labelled in sets],
        "split": "by document: crc32 of salt and document, even to fit, odd to report",
        "fitted": len(fitted),
        "questions": len(pooled),
        "date": datetime.date.today().isoformat(),
        "embedder": load_embedder(settings).name,
        "settings": settings.as_dict(),
        "held_out": report_by_set(held_out, predict_quality(held_x, quality), held_y),
    }
    content = {
        "sentence": sentence,
        "quality": dict(zip((*QUALITY_FEATURES, "intercept"), np.round(quality, 5).tolist(), strict=True)),
        "provenance": provenance,
    }
    out.write_text(json.dumps(content, indent=1) + "\n")
    return provenance


def _is_precise(pooled: PooledQuestion) -> bool:
    return bool(pooled.spans) and all(end - start <= LONGEST_GOLD for _, start, end in pooled.spans)
