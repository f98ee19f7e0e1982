"""How far two raters agree who give numbers from 0 to 1: two judges, or a judge and people.

Pure numpy. Every figure comes with a percentile bootstrap interval over the cases (Efron and Tibshirani 1993, An
Introduction to the Bootstrap, 13.3), seeded, and with the number of cases that both rated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.evaluation.agreement import KappaEstimate, cohen_kappa

PASS_AT = 0.5  # a value of at least this counts as a yes where a yes or no is needed
LEVELS = 5  # equal steps of [0, 1] for weighted kappa
RESAMPLES = 1_000
FEW = 2_000  # above it the interval is narrow, and a fifth of the resamples will do
LEAST = 3  # cases below which nothing is estimated
Statistic = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its 95 % interval; all None where it is not defined: too few cases, or no variation."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Agreement of two raters on one measure.

    Attributes:
        n: cases that both rated.
        only_a, only_b: cases that one of them alone rated.
        kappa: Cohen's kappa of the verdicts at 0.5, with the share that agrees.
        weighted_kappa: Cohen's kappa with quadratic weights over five levels.
        alpha: Krippendorff's alpha for interval data.
        spearman: rank correlation.
        difference: mean of b - a: who is stricter.
        distance: mean absolute difference.
    """

    n: int
    only_a: int
    only_b: int
    kappa: KappaEstimate
    weighted_kappa: Estimate
    alpha: Estimate
    spearman: Estimate
    difference: Estimate
    distance: Estimate

    def as_json(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def measure_agreement(a: Mapping[str, float], b: Mapping[str, float], seed: int = 0) -> Agreement:
    """Agreement of two raters' values by case id; values lie in [0, 1]."""
    both = sorted(a.keys() & b.keys())
    x = np.array([a[case] for case in both], dtype=np.float64)
    y = np.array([b[case] for case in both], dtype=np.float64)
    rows = _draw_resamples(len(both), seed)
    return Agreement(
        n=len(both),
        only_a=len(a) - len(both),
        only_b=len(b) - len(both),
        kappa=cohen_kappa([bool(v >= PASS_AT) for v in x], [bool(v >= PASS_AT) for v in y]),
        weighted_kappa=_estimate(weighted_kappa, _find_levels(x), _find_levels(y), rows),
        alpha=_estimate(lambda p, q: krippendorff_alpha(np.stack([p, q])), x, y, rows),
        spearman=_estimate(spearman, x, y, rows),
        difference=_estimate(lambda p, q: float((q - p).mean()), x, y, rows),
        distance=_estimate(lambda p, q: float(np.abs(q - p).mean()), x, y, rows),
    )


def weighted_kappa(a: np.ndarray, b: np.ndarray, levels: int = LEVELS) -> float:
    """Cohen's kappa with quadratic weights of two raters' levels, 0 to ``levels`` - 1.

    Cohen 1968, Weighted kappa, eq. 6, with disagreement weights (i - j)². NaN when both use one and the same level.
    """
    i = np.arange(levels)
    weights = (i[:, None] - i[None, :]) ** 2
    observed = np.zeros((levels, levels))
    np.add.at(observed, (a, b), 1.0 / len(a))
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    by_chance = float((weights * expected).sum())
    return 1.0 - float((weights * observed).sum()) / by_chance if by_chance else float("nan")


def krippendorff_alpha(ratings: np.ndarray) -> float:
    """Krippendorff's alpha with the interval metric, of ratings (raters x cases); NaN is a rating that is missing.

    Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C: 1 - D_o / D_e over the values of cases
    that at least two rated. NaN when fewer than two values can be paired, or all are the same.
    """
    given = ~np.isnan(ratings)
    counts = given.sum(axis=0)
    ratings, given, counts = ratings[:, counts > 1], given[:, counts > 1], counts[counts > 1]
    n = int(counts.sum())
    if n < 2:
        return float("nan")
    filled = np.where(given, ratings, 0.0)
    values = ratings[given]
    # The sum of (v - w)² over ordered pairs of m values is 2 m Σv² - 2 (Σv)².
    within = 2 * counts * (filled**2).sum(axis=0) - 2 * filled.sum(axis=0) ** 2
    observed = float((within / (counts - 1)).sum()) / n
    centred = values - values.mean()
    expected = float(2 * n * (centred**2).sum()) / (n * (n - 1))
    return 1.0 - observed / expected if expected > 1e-15 else float("nan")


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation: Pearson's of the ranks, ties at their mean rank (Kendall and Gibbons 1990, 3.8)."""
    x, y = _rank(a), _rank(b)
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return float((x * y).sum()) / scale if scale else float("nan")


def rank_disagreements(a: Mapping[str, float], b: Mapping[str, float], limit: int = 20) -> list[dict[str, Any]]:
    """The cases that two raters disagree on most: id, both values, their difference; ties by id."""
    rows = [{"case_id": c, "a": a[c], "b": b[c], "difference": b[c] - a[c]} for c in a.keys() & b.keys()]
    rows = [row for row in rows if row["difference"]]
    return sorted(rows, key=lambda row: (-abs(row["difference"]), row["case_id"]))[:limit]


def _find_levels(values: np.ndarray) -> np.ndarray:
    return np.minimum((values * LEVELS).astype(int), LEVELS - 1)


def _rank(values: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]


def _draw_resamples(n: int, seed: int) -> np.ndarray:
    resamples = RESAMPLES if n <= FEW else RESAMPLES // 5
    return np.random.default_rng(seed).integers(0, max(n, 1), size=(resamples, n), dtype=np.int32)


def _estimate(statistic: Statistic, x: np.ndarray, y: np.ndarray, rows: np.ndarray) -> Estimate:
    if len(x) < LEAST:
        return Estimate()
    value = statistic(x, y)
    if not np.isfinite(value):
        return Estimate()
    drawn: Sequence[float] = [statistic(x[row], y[row]) for row in rows]
    found = np.array([v for v in drawn if np.isfinite(v)])
    if len(found) < len(drawn) / 2:  # most resamples have no variation: an interval of the rest would mislead
        return Estimate(value=value)
    low, high = np.quantile(found, [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high))
