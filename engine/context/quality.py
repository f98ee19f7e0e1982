"""Context quality: the calibrated probability that a context supports the answer, from question and context alone.

A logistic model over what the best sentences have in common with the question. Its coefficients, data and calibration
error are in ``coefficients.json``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.context.evidence import OwnEvidence
from engine.context.questions import QuestionBatch, weigh_terms

FEATURES = (
    "score",
    "margin",
    "similarity",
    "best_similarity",
    "chunk_similarity",
    "coverage",
    "wide_coverage",
    "context_coverage",
    "missing_names",
    "missing_heaviest",
    "kind",
    "kind_top3",
    "terms",
    "similarity_x_coverage",
)
RUNNER_UP = 4


def build_quality_features(
    questions: QuestionBatch,
    features: Mapping[str, np.ndarray],
    own: OwnEvidence,
    scores: np.ndarray,
    chosen: np.ndarray,
) -> np.ndarray:
    """A float array (q, ``len(FEATURES)``).

    Args:
        features: of the sentences, (q, s) each.
        scores: (q, s), -inf outside the chosen contexts.
    """
    rows = np.arange(len(scores))
    order = np.argsort(-scores, axis=1, kind="stable")[:, : RUNNER_UP + 1]
    best, sure = order[:, 0], np.isfinite(np.take_along_axis(scores, order, axis=1))
    last = np.maximum(sure.sum(axis=1) - 1, 0)
    inside = np.isfinite(scores)

    def top(name: str) -> np.ndarray:
        return features[name][rows, best]

    known = np.bitwise_or.reduce(np.where(chosen, own.wide, np.uint64(0)), axis=1)
    absent = np.where(questions.present, 1 - _spread(known, questions.raw.shape[1]), 0.0)
    kinds = np.take_along_axis(features["kind"], order[:, :3], axis=1)
    columns = {
        "score": scores[rows, best],
        "margin": scores[rows, best] - scores[rows, order[rows, last]],
        "similarity": top("similarity"),
        "best_similarity": np.where(inside, features["similarity"], -1.0).max(axis=1),
        "chunk_similarity": np.where(inside, features["chunk_similarity"], -1.0).max(axis=1),
        "coverage": top("coverage"),
        "wide_coverage": top("wide_coverage"),
        "context_coverage": weigh_terms(known[:, None], questions.weights)[:, 0],
        "missing_names": (absent * questions.names).sum(axis=1) / np.maximum(questions.names.sum(axis=1), 1),
        "missing_heaviest": (absent * questions.raw).max(axis=1),
        "kind": top("kind"),
        "kind_top3": np.where(sure[:, :3], kinds, 0.0).sum(axis=1) / np.maximum(sure[:, :3].sum(axis=1), 1),
        "terms": np.log1p(questions.counts),
        "similarity_x_coverage": top("similarity") * top("wide_coverage"),
    }
    return np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float64)


def _spread(masks: np.ndarray, width: int) -> np.ndarray:
    """Masks (q,) as 0 and 1 (q, width)."""
    return ((masks[:, None] >> np.arange(width, dtype=np.uint64)) & np.uint64(1)).astype(np.float32)
