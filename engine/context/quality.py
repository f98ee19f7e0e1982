"""Context quality: the calibrated probability that a context supports the answer, from question and context alone.

A logistic model over what the best sentences have in common with the question. Its coefficients, data and calibration
error are in ``coefficients.json``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from engine.context.coefficients import Coefficients, sigmoid
from engine.context.evidence import FEATURES as SENTENCE_FEATURES
from engine.context.words import Question, find_stems
from engine.types import ContextPart, EvidenceSentence

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
_COLUMN = {name: i for i, name in enumerate(SENTENCE_FEATURES)}
_NAME = re.compile(r"\b(?:[A-Z][\w'’-]+|\w*\d\w*)")


def estimate_quality(
    question: Question,
    evidence: Sequence[EvidenceSentence],
    features: np.ndarray,
    scores: np.ndarray,
    parts: Sequence[ContextPart],
    coefficients: Coefficients,
) -> float:
    """The probability in [0, 1]; 0.0 for an empty context.

    Args:
        evidence: the context's sentences, best first; ``features`` and ``scores`` in the same order.
    """
    if not evidence:
        return 0.0
    x = build_quality_features(question, evidence, features, scores, parts)
    return sigmoid(float(x @ coefficients.quality[:-1] + coefficients.quality[-1]))


def build_quality_features(
    question: Question,
    evidence: Sequence[EvidenceSentence],
    features: np.ndarray,
    scores: np.ndarray,
    parts: Sequence[ContextPart],
) -> np.ndarray:
    """A float array (``len(FEATURES)``,)."""
    top = features[0]
    text = " ".join([*(part.text for part in parts), *(sentence.title for sentence in evidence[:5])])
    known = find_stems(text)
    covered = sum(weight for term, weight in question.terms.items() if term in known) / question.weight
    names = find_stems(" ".join(_NAME.findall(question.text[1:])))
    missing = [weight for term, weight in question.terms.items() if term not in known]
    similarity = top[_COLUMN["similarity"]]
    values = [
        scores[0],
        scores[0] - scores[min(4, len(scores) - 1)],
        similarity,
        features[:, _COLUMN["similarity"]].max(),
        features[:, _COLUMN["chunk_similarity"]].max(),
        top[_COLUMN["coverage"]],
        top[_COLUMN["wide_coverage"]],
        covered,
        sum(name not in known for name in names) / max(1, len(names)),
        max(missing, default=0.0),
        top[_COLUMN["kind"]],
        features[:3, _COLUMN["kind"]].mean(),
        np.log1p(len(question.terms)),
        similarity * top[_COLUMN["wide_coverage"]],
    ]
    return np.array(values, np.float64)
