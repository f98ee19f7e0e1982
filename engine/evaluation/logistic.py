"""Logistic regression, and how well its probabilities rank and are calibrated. For fitting, not for serving."""

from __future__ import annotations

import numpy as np

BINS = 10


def fit_logistic(
    x: np.ndarray, y: np.ndarray, ridge: float, steps: int = 50, weight: np.ndarray | None = None
) -> np.ndarray:
    """Ridge-penalised logistic regression by Newton's method.

    Args:
        x: features, shape (n, f). They are standardised within, so that ``ridge`` means the same for each.
        y: labels, 0 or 1.
        weight: of each row, (n,); all alike when left out.
        ridge: weight of the squared coefficients beside the mean log loss; the intercept is free.

    Returns:
        the intercept, then a weight for each raw feature, shape (1 + f,).
    """
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.column_stack([np.ones(len(x)), (x - mean) / scale])
    w = np.zeros(z.shape[1])
    share = np.ones(len(x)) if weight is None else weight / weight.mean()
    penalty = 2 * ridge * len(x) * np.eye(z.shape[1])
    penalty[0, 0] = 0
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        curvature = (z * (share * p * (1 - p))[:, None]).T @ z + penalty
        step = np.linalg.solve(curvature, z.T @ (share * (p - y)) + penalty @ w)
        w -= step
        if np.abs(step).max() < 1e-9:
            break
    raw = w[1:] / scale
    return np.append(w[0] - raw @ mean, raw)


def measure_auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve: the probability that a positive is ranked above a negative, ties counting half."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n = int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(scores) - n)))


def measure_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal width (Naeini et al. 2015)."""
    index = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [
        abs(p[index == i].mean() - y[index == i].mean()) * (index == i).sum() for i in range(bins) if (index == i).any()
    ]
    return float(sum(gaps) / len(p))


def build_bins(p: np.ndarray, y: np.ndarray) -> list[dict[str, float]]:
    """The reliability diagram: bounds, count, mean prediction and share observed of each bin that holds anything."""
    index = np.minimum((p * BINS).astype(int), BINS - 1)
    return [
        {
            "from": i / BINS,
            "to": (i + 1) / BINS,
            "n": int((index == i).sum()),
            "predicted": round(float(p[index == i].mean()), 4),
            "observed": round(float(y[index == i].mean()), 4),
        }
        for i in range(BINS)
        if (index == i).any()
    ]
