"""Context quality as a probability: does it rank supported contexts first, is it calibrated, whom does abstention hit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.calibration.fitting import describe_contexts, measure_predictions, predict_quality
from engine.calibration.pools import PooledQuestion, find_sets, pool_questions
from engine.context.coefficients import load_coefficients
from engine.errors import InputError
from engine.settings import PipelineSettings

QUESTIONS = 600
KNOWN = {
    "clapnq_dev": "15 simple features: AUC 0.885",
    "squad2": "15 simple features, with its unanswerable half: AUC 0.65",
}


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """By set: AUC and expected calibration error; for a set of the fit also those that were held out when it was made.

    The label is whether the chosen context covers a gold span. Sets without unanswerable questions have the gold documents
    of half of their questions left out. ``abstained`` is the share under ``min_quality``, by kind of question.

    Raises:
        InputError: no data set was given.
    """
    if data is None:
        raise InputError(
            "bench abstention needs --data.", "Give a folder with corpus.jsonl and queries.jsonl, or of such."
        )
    settings = PipelineSettings().with_values(overrides)
    coefficients = load_coefficients()
    figures: dict[str, Any] = {}
    for labelled in find_sets(data):
        pooled = list(pool_questions(labelled, settings, QUESTIONS))
        x, y = describe_contexts(pooled, coefficients, settings.budget_tokens)
        p = predict_quality(x, coefficients)
        figures[labelled.name] = {
            **measure_predictions(p, y),
            "in_the_fit": labelled.name in coefficients.provenance["data"],
            "held_out_when_fitted": coefficients.provenance["held_out"]["sets"].get(labelled.name),
            "abstained": _rate_abstentions(pooled, p, settings.min_quality),
            "known": KNOWN.get(labelled.name),
        }
    return figures


def _rate_abstentions(pooled: list[PooledQuestion], p: np.ndarray, minimum: float) -> dict[str, Any]:
    kinds = np.array([question.kind for question in pooled])
    return {
        str(kind): {"share": round(float((p[kinds == kind] < minimum).mean()), 4), "n": int((kinds == kind).sum())}
        for kind in np.unique(kinds)
    }
