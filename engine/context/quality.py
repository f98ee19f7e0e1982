"""Context quality: the calibrated probability that a context supports the answer, from question and context alone.

Signs of what the best sentences have in common with the question, and of what speaks against them, go through a model that
is fitted by ``engine/calibration``. Its coefficients, data and calibration error are in ``coefficients.json``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.context.evidence import OwnEvidence
from engine.context.questions import QuestionBatch, weigh_terms
from engine.context.sentences import SentenceTable, Sign

# Features of the best sentence that are taken as they are.
BEST = (
    "similarity",
    "coverage",
    "wide_coverage",
    "about_coverage",
    "soft_coverage",
    "soft_missing",
    "name_coverage",
    "plain_coverage",
    "kind",
    "new_names",
    "question_mark",
    "lexical",
)
FEATURES = (
    *BEST,
    "score",
    "margin",
    "relevance",
    "best_similarity",
    "mean_similarity",
    "spread_similarity",
    "chunk_similarity",
    "best_coverage",
    "best_soft_coverage",
    "context_coverage",
    "missing_names",
    "missing_codes",
    "missing_heaviest",
    "missing_count",
    "kind_top3",
    "names",
    "terms",
    "question_words",
    "similarity_x_coverage",
    "negation_gap",
    "opposites",
    "negations",
)
RUNNER_UP = 4


def build_quality_features(
    questions: QuestionBatch,
    table: SentenceTable,
    features: Mapping[str, np.ndarray],
    own: OwnEvidence,
    scores: np.ndarray,
    relevance: np.ndarray,
    chosen: np.ndarray,
    retrieved: np.ndarray,
) -> np.ndarray:
    """A float array (q, ``len(FEATURES)``).

    Args:
        features: of the sentences, (q, s) or (s,) each.
        scores: (q, s), -inf outside the chosen contexts.
        relevance, chosen, retrieved: (q, s).
    """
    shape = scores.shape
    rows = np.arange(len(scores))
    order = np.argsort(-scores, axis=1, kind="stable")[:, : RUNNER_UP + 1]
    best, sure = order[:, 0], np.isfinite(np.take_along_axis(scores, order, axis=1))
    last = np.maximum(sure.sum(axis=1) - 1, 0)
    inside = np.isfinite(scores)
    similarity = features["similarity"]
    counted = np.maximum(retrieved.sum(axis=1), 1)
    mean = np.where(retrieved, similarity, 0.0).sum(axis=1) / counted
    spread = np.where(retrieved, (similarity - mean[:, None]) ** 2, 0.0).sum(axis=1) / counted

    def top(name: str) -> np.ndarray:
        return np.broadcast_to(features[name], shape)[rows, best]

    def highest(name: str) -> np.ndarray:
        return np.where(inside, features[name], -1.0).max(axis=1)

    kinds = np.take_along_axis(features["kind"], order[:, :3], axis=1)
    negated = (table.arrays.signs[best] & Sign.NEGATION) > 0
    columns = {name: top(name) for name in BEST} | {
        "score": scores[rows, best],
        "margin": scores[rows, best] - scores[rows, order[rows, last]],
        "relevance": relevance[rows, best],
        "best_similarity": highest("similarity"),
        "mean_similarity": mean,
        "spread_similarity": np.sqrt(spread),
        "chunk_similarity": highest("chunk_similarity"),
        "best_coverage": highest("coverage"),
        "best_soft_coverage": highest("soft_coverage"),
        "kind_top3": np.where(sure[:, :3], kinds, 0.0).sum(axis=1) / np.maximum(sure[:, :3].sum(axis=1), 1),
        "names": questions.names.sum(axis=1),
        "terms": np.log1p(questions.counts),
        "question_words": [len(text.split()) for text in questions.texts],
        "similarity_x_coverage": top("similarity") * top("wide_coverage"),
        "negation_gap": (questions.negations > 0).astype(float) - negated,
        "opposites": _count_opposites(questions, table, best),
        "negations": questions.negations,
        **_describe_missing(questions, own, chosen),
    }
    return np.stack([np.asarray(columns[name], np.float64) for name in FEATURES], axis=1)


def _describe_missing(questions: QuestionBatch, own: OwnEvidence, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """What of the question the chosen sentences, their neighbours and headings hold, and what they lack."""
    known = np.bitwise_or.reduce(np.where(chosen, own.wide, np.uint64(0)), axis=1)
    absent = np.where(questions.present, 1 - _spread(known, questions.raw.shape[1]), 0.0)
    return {
        "context_coverage": weigh_terms(known[:, None], questions.weights)[:, 0],
        "missing_names": (absent * questions.names).sum(axis=1) / np.maximum(questions.names.sum(axis=1), 1),
        "missing_codes": (absent * questions.codes).sum(axis=1),
        "missing_heaviest": (absent * questions.raw).max(axis=1),
        "missing_count": absent.sum(axis=1),
    }


def _count_opposites(questions: QuestionBatch, table: SentenceTable, best: np.ndarray) -> np.ndarray:
    """For each question the words that its best sentence lacks while it holds one that excludes them."""
    words = table.arrays.words
    counts = np.zeros(len(questions))
    for q, pairs in enumerate(questions.opposites):
        if pairs:
            held = set(words.values[words.offsets[best[q]] : words.offsets[best[q] + 1]].tolist())
            counts[q] = len({word for word, other in pairs if word not in held and other in held})
    return counts


def _spread(masks: np.ndarray, width: int) -> np.ndarray:
    """Masks (q,) as 0 and 1 (q, width)."""
    return ((masks[:, None] >> np.arange(width, dtype=np.uint64)) & np.uint64(1)).astype(np.float32)
