"""Fit the weights of evidence and of quality on pooled questions, and measure them on the half that was kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize

from engine.calibration.pools import PooledQuestion, covers_gold
from engine.context.coefficients import BoostedTrees, Coefficients
from engine.context.evidence import FEATURES
from engine.context.quality import FEATURES as FEATURES_OF_QUALITY
from engine.context.quality import build_quality_features
from engine.context.select import choose_sentences
from engine.context.sentences import Sign
from engine.evaluation.boosting import fit_trees
from engine.evaluation.logistic import build_bins, fit_logistic, measure_auroc, measure_calibration_error

RIDGE = 3e-3
SENTENCE_RIDGE = 1e-3
SET_POWER = 0.4


def fit_sentences(pooled: Sequence[PooledQuestion]) -> dict[str, float]:
    """Weights that minimise the softmax cross-entropy of the gold sentences of each question."""
    pools = [_learnable(p) for p in pooled if p.gold.any() and not p.gold.all()]
    everything = np.concatenate([f for f, _ in pools])
    mean, scale = everything.mean(axis=0), everything.std(axis=0) + 1e-6
    scaled = [((f - mean) / scale, y) for f, y in pools]

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        total, gradient = 0.0, np.zeros_like(w)
        for z, y in scaled:
            s = z @ w
            p = np.exp(s - s.max())
            mass = float((p * y).sum())
            total -= np.log(mass / p.sum())
            gradient += z.T @ (p / p.sum() - p * y / mass)
        return total / len(scaled) + SENTENCE_RIDGE * float(w @ w), gradient / len(scaled) + 2 * SENTENCE_RIDGE * w

    weights = minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x / scale
    return dict(zip(FEATURES, np.round(weights, 5).tolist(), strict=True))


def describe_contexts(
    pooled: Sequence[PooledQuestion], coefficients: Coefficients, budget: int
) -> tuple[np.ndarray, np.ndarray]:
    """Quality features (n, f) of the contexts that are chosen, and whether each covers a gold span (n,)."""
    rows, labels = [], []
    for p in pooled:
        choice = choose_sentences(p.questions, p.table, p.own, p.retrieved, p.allowed, budget, coefficients)
        inside = np.where(choice.chosen, choice.scores, -np.inf)
        if np.isfinite(inside).any():
            features = {**p.own.features, **p.retrieved.features}
            x = build_quality_features(
                p.questions, p.table, features, p.own, inside, choice.relevance, choice.chosen, p.retrieved.retrieved
            )
            rows.append(x[0])
        else:
            rows.append(np.full(len(FEATURES_OF_QUALITY), np.nan))
        labels.append(covers_gold(p, choice.chosen[0]))
    return np.stack(rows), np.array(labels, bool)


def weigh_sets(names: np.ndarray) -> np.ndarray:
    """A weight for each question, so that a large set counts more than a small one, but less than by its size."""
    counts = {name: int((names == name).sum()) for name in np.unique(names)}
    return np.array([counts[name] ** -SET_POWER for name in names])


def fit_quality(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, BoostedTrees]:
    """The line over the quality features (the intercept last) and the trees. Empty contexts (NaN) teach nothing."""
    known = ~np.isnan(x).any(axis=1)
    w = fit_logistic(x[known], y[known].astype(float), RIDGE, weight=weight[known])
    return np.append(w[1:], w[0]), fit_trees(x[known], y[known].astype(float), weight[known])


def predict_quality(x: np.ndarray, coefficients: Coefficients) -> np.ndarray:
    """Probabilities (n,); 0 for an empty context."""
    return np.where(np.isnan(x).any(axis=1), 0.0, coefficients.rate_quality(np.nan_to_num(x)))


def measure_predictions(p: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Count, base rate, AUC, expected calibration error and the reliability diagram's bins."""
    both = 0 < y.sum() < len(y)
    return {
        "n": len(p),
        "supported": round(float(y.mean()), 4),
        "auc": round(measure_auroc(p, y), 4) if both else None,
        "ece": round(measure_calibration_error(p, y.astype(float)), 4),
        "bins": build_bins(p, y),
    }


def report_by_set(pooled: Sequence[PooledQuestion], p: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """``measure_predictions`` for all questions and, under ``sets``, for each set."""
    names = np.array([q.data for q in pooled])
    report = measure_predictions(p, y)
    return report | {"sets": {str(n): measure_predictions(p[names == n], y[names == n]) for n in np.unique(names)}}


def draft(sentence: Mapping[str, float]) -> Coefficients:
    """Coefficients whose quality part is still to be fitted."""
    nothing = np.zeros((1, 1))
    trees = BoostedTrees(feature=nothing.astype(int), threshold=nothing, value=np.zeros((1, 2)), baseline=0.0)
    return Coefficients(sentence=sentence, quality=np.zeros(len(FEATURES_OF_QUALITY) + 1), trees=trees, provenance={})


def _learnable(p: PooledQuestion) -> tuple[np.ndarray, np.ndarray]:
    says = (p.table.arrays.signs & Sign.SAYS) > 0
    kept = (says & ~p.unclear) | p.gold
    return _feature_matrix(p)[kept], p.gold[kept]


def _feature_matrix(p: PooledQuestion) -> np.ndarray:
    features = {**p.own.features, **p.retrieved.features}
    return np.stack([np.broadcast_to(features[name], (1, len(p.table)))[0] for name in FEATURES], axis=1)
