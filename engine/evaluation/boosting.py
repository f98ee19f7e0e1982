"""Gradient boosting of symmetric trees (as in CatBoost, Prokhorenkova et al. 2018) on the log loss. For fitting, not for serving."""

from __future__ import annotations

import numpy as np

from engine.context.coefficients import BoostedTrees

BINS = 24


def fit_trees(
    x: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    *,
    trees: int = 200,
    depth: int = 3,
    rate: float = 0.06,
    ridge: float = 8.0,
    share: float = 0.5,
    seed: int = 0,
) -> BoostedTrees:
    """Fit on rows (n, f) with labels 0 or 1 and weights (n,).

    Args:
        rate: how much of each tree is taken.
        ridge: weight of the squared leaf values.
        share: of the features that each tree may ask for, drawn with ``seed``.
    """
    dice = np.random.default_rng(seed)
    edges = [np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])) for column in x.T]
    binned = np.stack([np.searchsorted(e, column, side="left") for e, column in zip(edges, x.T, strict=True)], axis=1)
    weight = weight / weight.mean()
    prior = float((weight * y).sum() / weight.sum())
    baseline = float(np.log(prior / (1 - prior)))
    log_odds = np.full(len(y), baseline)
    features, thresholds, values = [], [], []
    for _ in range(trees):
        p = 1 / (1 + np.exp(-log_odds))
        gradient, hessian = weight * (y - p), weight * p * (1 - p)
        offered = dice.choice(x.shape[1], max(1, int(share * x.shape[1])), replace=False)
        leaf = np.zeros(len(y), np.int64)
        asked: list[tuple[int, float]] = []
        for level in range(depth):
            f, at = _best_split(leaf, 2**level, binned, gradient, hessian, edges, offered, ridge)
            asked.append((f, float(edges[f][at])))
            leaf = leaf * 2 + (binned[:, f] > at)
        sums = np.bincount(leaf, gradient, 2**depth) / (np.bincount(leaf, hessian, 2**depth) + ridge)
        log_odds += rate * sums[leaf]
        features.append([f for f, _ in asked])
        thresholds.append([threshold for _, threshold in asked])
        values.append(rate * sums)
    return BoostedTrees(
        feature=np.array(features), threshold=np.array(thresholds), value=np.array(values), baseline=baseline
    )


def _best_split(
    leaf: np.ndarray,
    leaves: int,
    binned: np.ndarray,
    gradient: np.ndarray,
    hessian: np.ndarray,
    edges: list[np.ndarray],
    offered: np.ndarray,
    ridge: float,
) -> tuple[int, int]:
    """The feature and the place among its edges that gain most over all leaves."""
    best, choice = -np.inf, (int(offered[0]), 0)
    for f in offered.tolist():
        if not len(edges[f]):
            continue
        key = leaf * BINS + binned[:, f]
        g = np.bincount(key, gradient, leaves * BINS).reshape(leaves, BINS).cumsum(axis=1)
        h = np.bincount(key, hessian, leaves * BINS).reshape(leaves, BINS).cumsum(axis=1)
        right_g, right_h = g[:, -1:] - g, h[:, -1:] - h
        gain = (g**2 / (h + ridge) + right_g**2 / (right_h + ridge)).sum(axis=0)[: len(edges[f])]
        at = int(gain.argmax())
        if gain[at] > best:
            best, choice = float(gain[at]), (f, at)
    return choice
