"""Fit evidence and context quality on labelled questions, and say how good they are on others."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from dataclasses import replace
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
    weigh_sets,
)
from engine.calibration.pools import PooledQuestion, find_sets, pool_questions
from engine.context.coefficients import PATH, Coefficients, load_shipped
from engine.context.quality import FEATURES as QUALITY_FEATURES
from engine.embedding import load_embedder
from engine.errors import InputError
from engine.settings import PipelineSettings

QUESTIONS_PER_SET = 6000
# Gold spans longer than this tell which passage supports an answer, not which sentence.
LONGEST_GOLD = 400
# Not questions as people put them: titles of papers, and questions made to need several news articles at once.
NOT_FITTED = ("pubmedqa", "multihop_evidence")
Progress = Callable[[int, int, str], None]


def fit_contexts(
    data: Path,
    settings: PipelineSettings,
    out: Path = PATH,
    progress: Progress | None = None,
    code: str | None = None,
) -> dict[str, Any]:
    """Fit the weights of evidence and context quality, write them with their provenance, return the provenance.

    What is reported of a question comes from a fit on the half of the documents that its own are not in; what is written
    is fitted on both halves.

    Args:
        data: a set's folder, or one of several.
        code: the version of the code, for the provenance.

    Raises:
        InputError: no set with gold spans, or questions of one class only.
    """
    sets = [labelled for labelled in find_sets(data) if labelled.name not in NOT_FITTED]
    pooled: list[PooledQuestion] = []
    for i, labelled in enumerate(sets):
        if progress:
            progress(i, len(sets), f"retrieving for {labelled.name}")
        pooled += pool_questions(labelled, settings, QUESTIONS_PER_SET, both=True)
    if progress:
        progress(len(sets), len(sets), "fitting")
    halves = [[p for p in pooled if p.held_out == half] for half in (False, True)]
    reported: list[PooledQuestion] = []
    predictions, labels = [], []
    for own, other in (halves, halves[::-1]):
        if own and other:
            coefficients = _fit(own, settings, data)
            x, y = describe_contexts(other, coefficients, settings.budget_tokens)
            reported += other
            predictions.append(predict_quality(x, coefficients))
            labels.append(y)
    final = _fit(pooled, settings, data)
    provenance = {
        "data": [labelled.name for labelled in sets],
        "split": "by document: crc32 of salt and document; each half is reported by a fit on the other, the coefficients "
        "are fitted on both",
        "questions": len(pooled),
        "date": datetime.date.today().isoformat(),
        "code": code,
        "embedder": load_embedder(settings).name,
        "settings": settings.as_dict(),
        "held_out": report_by_set(reported, np.concatenate(predictions), np.concatenate(labels)),
    }
    content = {
        "sentence": dict(final.sentence),
        "quality": dict(zip((*QUALITY_FEATURES, "intercept"), np.round(final.quality, 5).tolist(), strict=True)),
        "trees": final.trees.as_json(),
        "provenance": provenance,
    }
    out.write_text(_write(content))
    load_shipped.cache_clear()
    return provenance


def _fit(pooled: list[PooledQuestion], settings: PipelineSettings, data: Path) -> Coefficients:
    precise = [p for p in pooled if _is_precise(p) and p.gold.any() and not p.gold.all()]
    if not precise:
        raise InputError(
            f"{data}: none of {len(pooled)} questions has a gold span among what was retrieved; quality needs both kinds.",
            "Check that doc_id, start and end of the relevant spans are those of the corpus.",
        )
    coefficients = draft(fit_sentences(precise))
    x, y = describe_contexts(pooled, coefficients, settings.budget_tokens)
    if y.all() or not y.any():
        raise InputError(
            f"{data}: all {len(y)} contexts are {'supported' if y.all() else 'unsupported'}; quality needs both kinds.",
            "Add questions that the documents do not answer (answerable: false), or ones that they do.",
        )
    quality, trees = fit_quality(x, y, weigh_sets(np.array([p.data for p in pooled])))
    return replace(coefficients, quality=quality, trees=trees)


def _write(content: dict[str, Any]) -> str:
    """JSON whose lists of numbers stand on one line."""
    text = json.dumps(content, indent=1)
    return re.sub(r"\[[\s\d.,e+-]+\]", lambda m: re.sub(r"\s+", " ", m.group()), text) + "\n"


def _is_precise(pooled: PooledQuestion) -> bool:
    return bool(pooled.spans) and all(end - start <= LONGEST_GOLD for _, start, end in pooled.spans)
