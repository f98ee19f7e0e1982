"""Intervals for rates, means and quantiles. No scipy: its import alone takes longer than everything here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

BOOTSTRAP_LIMIT = 400  # above it the t interval and BCa differ by less than a hundredth of the interval's width
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided confidence interval. An end is None when the sample is too small to bound that side."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanEstimate:
    """Mean, its 95 % interval and the number of values; all None but ``n`` when there are none."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


def wilson_interval(k: int, n: int, confidence: float = 0.95) -> Interval:
    """Score interval of a proportion, k of n (Wilson 1927; the form of Brown, Cai and DasGupta 2001, eq. 4).

    Raises:
        ValueError: k outside [0, n].
    """
    if not 0 <= k <= n:
        raise ValueError(f"k {k} must be between 0 and n {n}")
    if n == 0:
        return Interval(None, None)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = k / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt((p * (1 - p) + z * z / (4 * n)) / n)
    scale = 1 + z * z / n
    return Interval(0.0 if k == 0 else (centre - half) / scale, 1.0 if k == n else (centre + half) / scale)


def bootstrap_mean_interval(
    values: Sequence[float] | np.ndarray, seed: int = 0, confidence: float = 0.95, resamples: int = RESAMPLES
) -> Interval:
    """Interval of a mean.

    Up to 400 values: the bias-corrected and accelerated bootstrap (BCa; Efron 1987, JASA 82, section 3), seeded.
    Above: Student's t, to which BCa converges. One value, or none, bounds nothing.
    """
    x = np.asarray(values, dtype=np.float64)
    n = len(x)
    if n < 2:
        return Interval(None, None)
    mean, deviation = float(x.mean()), float(x.std(ddof=1))
    if deviation == 0.0:
        return Interval(mean, mean)
    if n > BOOTSTRAP_LIMIT:
        return moments_interval(mean, deviation, n, confidence)
    rng = np.random.default_rng(seed)
    return interval_of_resamples(x, x[rng.integers(0, n, size=(resamples, n))].mean(axis=1), confidence)


def moments_interval(mean: float, deviation: float, n: int, confidence: float = 0.95) -> Interval:
    """Student's t interval of a mean from the sample's mean, standard deviation (n - 1) and size, above 100."""
    half = _t_quantile((1 + confidence) / 2, n - 1) * deviation / math.sqrt(n)
    return Interval(mean - half, mean + half)


def interval_of_resamples(x: np.ndarray, means: np.ndarray, confidence: float = 0.95) -> Interval:
    """The BCa interval of the mean of ``x`` from the means of its resamples."""
    return Interval(*_bca_ends(x, np.sort(means), float(x.mean()), confidence))


def _bca_ends(x: np.ndarray, means: np.ndarray, mean: float, confidence: float) -> tuple[float, float]:
    normal = NormalDist()
    below = (np.count_nonzero(means < mean) + np.count_nonzero(means == mean) / 2) / len(means)
    bias = normal.inv_cdf(min(max(below, 1 / len(means)), 1 - 1 / len(means)))
    deviations = x - mean  # the mean's jackknife values are linear in these
    acceleration = float((deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5))
    ends = []
    for side in ((1 - confidence) / 2, (1 + confidence) / 2):
        z = bias + normal.inv_cdf(side)
        ends.append(float(np.quantile(means, normal.cdf(bias + z / (1 - acceleration * z)))))
    return ends[0], ends[1]


def _t_quantile(p: float, freedom: int) -> float:
    """Cornish-Fisher expansion of Student's t quantile (Abramowitz and Stegun 26.7.5); error < 1e-6 above 100."""
    z = NormalDist().inv_cdf(p)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def estimate_mean(values: Sequence[float] | np.ndarray, seed: int = 0) -> MeanEstimate:
    """Mean with its interval: Wilson when every value is 0 or 1 (a rate), else ``bootstrap_mean_interval``."""
    x = np.asarray(values, dtype=np.float64)
    if len(x) == 0:
        return MeanEstimate(mean=None, low=None, high=None, n=0)
    rate = bool(np.all((x == 0.0) | (x == 1.0)))
    interval = wilson_interval(int(x.sum()), len(x)) if rate else bootstrap_mean_interval(x, seed)
    return MeanEstimate(mean=float(x.mean()), low=interval.low, high=interval.high, n=len(x))


def quantile_interval(values: Sequence[float] | np.ndarray, q: float, confidence: float = 0.95) -> Interval:
    """Distribution-free interval of a quantile by order statistics (David and Nagaraja, Order Statistics, 7.1).

    The number of values under the true quantile is binomial(n, q), so the ends are the order statistics that cut off at
    most half of the error on each side. An end that would need a value beyond the sample is None: 60 values cannot
    bound their 99th percentile from above.

    Raises:
        ValueError: q outside (0, 1).
    """
    if not 0 < q < 1:
        raise ValueError(f"q {q} must lie between 0 and 1")
    x = np.sort(np.asarray(values, dtype=np.float64))
    n = len(x)
    if n == 0:
        return Interval(None, None)
    cdf = np.cumsum(_binomial_pmf(n, q))
    tail = (1 - confidence) / 2
    lower = int(np.searchsorted(cdf, tail, side="right"))  # smallest i with P(B <= i) > tail
    upper = int(np.searchsorted(cdf, 1 - tail, side="left"))  # smallest i with P(B <= i) >= 1 - tail
    return Interval(float(x[lower - 1]) if lower >= 1 else None, float(x[upper]) if upper < n else None)


def _binomial_pmf(n: int, q: float) -> np.ndarray:
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    i = np.arange(n + 1)
    log_choose = log_factorial[n] - log_factorial[i] - log_factorial[n - i]
    return np.exp(log_choose + i * math.log(q) + (n - i) * math.log1p(-q))
