"""One figure from the values of many cases, with its 95 % interval and how many more cases would decide a goal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

import numpy as np

from engine.evaluation.statistics import BOOTSTRAP_LIMIT, Interval, estimate_mean, quantile_interval, wilson_interval

Kind = Literal["rate", "mean", "spread", "p50", "p95"]
Z = NormalDist().inv_cdf(0.975)
RESAMPLES = 2_000
QUANTILES = {"p50": 0.5, "p95": 0.95}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Value, 95 % interval and number of values. An end is None when the sample cannot bound that side."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def estimate_figure(kind: Kind, values: Sequence[float] | np.ndarray) -> Estimate:
    """Rate (Wilson), mean (BCa bootstrap or t), standard deviation (bootstrap or normal) or quantile (order statistics).

    A rate takes zeros and ones. The same values always give the same interval: resampling has a fixed seed. What is
    resampled is small and kept; a large sample is worked out anew, which is quick, and not held in memory.
    """
    x = np.ascontiguousarray(values, dtype=np.float64)
    return _estimate(kind, x) if len(x) > BOOTSTRAP_LIMIT else _estimate_small(kind, x.tobytes())


@lru_cache(maxsize=4096)
def _estimate_small(kind: Kind, data: bytes) -> Estimate:
    return _estimate(kind, np.frombuffer(data, dtype=np.float64))


def _estimate(kind: Kind, x: np.ndarray) -> Estimate:
    n = len(x)
    if n == 0:
        return Estimate(value=None, low=None, high=None, n=0)
    if kind == "rate":
        interval = wilson_interval(int(x.sum()), n)
        return Estimate(value=float(x.mean()), low=interval.low, high=interval.high, n=n)
    if kind == "mean":
        mean = estimate_mean(x)
        return Estimate(value=mean.mean, low=mean.low, high=mean.high, n=n)
    if kind == "spread":
        return _estimate_spread(x)
    value, interval = float(np.quantile(x, QUANTILES[kind])), quantile_interval(x, QUANTILES[kind])
    return Estimate(value=value, low=interval.low, high=interval.high, n=n)


def _estimate_spread(x: np.ndarray) -> Estimate:
    """Standard deviation (n - 1); one value has no spread.

    Up to 400 values the basic bootstrap interval of its logarithm. Above, the normal one of the same logarithm, whose
    variance is (k - (n - 3) / (n - 1)) / 4n with the kurtosis k (Cramer 1946, 27.4, and the delta method): resamples of
    a hundred thousand values would take gigabytes, and at 400 the two differ by a few hundredths of the width.
    """
    n = len(x)
    if n < 2:
        return Estimate(value=None, low=None, high=None, n=n)
    value = float(x.std(ddof=1))
    if value == 0.0:
        return Estimate(value=0.0, low=0.0, high=0.0, n=n)
    if n > BOOTSTRAP_LIMIT:
        squares = (x - x.mean()) ** 2
        kurtosis = float((squares**2).mean() / squares.mean() ** 2)
        factor = math.exp(Z * math.sqrt(max(0.0, kurtosis - (n - 3) / (n - 1)) / (4 * n)))
        return Estimate(value=value, low=value / factor, high=value * factor, n=n)
    rng = np.random.default_rng(0)
    spreads = x[rng.integers(0, n, size=(RESAMPLES, n))].std(axis=1, ddof=1)
    low, high = np.quantile(spreads[spreads > 0], [0.025, 0.975])
    interval = Interval(value**2 / float(high), value**2 / float(low))
    return Estimate(value=value, low=interval.low, high=interval.high, n=n)


def count_more_cases(kind: Kind, values: Sequence[float] | np.ndarray, threshold: float) -> int | None:
    """About how many more cases like these would move the interval off ``threshold``; 0 when it is off already.

    A rate's Wilson interval leaves p0 out once n > z² p0 (1 - p0) / (p - p0)²; a quantile is the rate of values at
    most ``threshold`` against q; a mean or a spread uses the normal width, which falls with the square root of n.
    None when no number of cases would do: the value stands on the goal, or there are too few to tell.
    """
    x = np.asarray(values, dtype=np.float64)
    estimate = estimate_figure(kind, x)
    n = estimate.n
    if estimate.value is None or n < 2:
        return None
    if kind in QUANTILES:
        return _rate_shortfall(float(np.mean(x <= threshold)), QUANTILES[kind], n)
    if kind == "rate" or (kind == "mean" and bool(np.all((x == 0.0) | (x == 1.0)))):
        return _rate_shortfall(estimate.value, threshold, n)
    distance = estimate.value - threshold
    if distance == 0 or estimate.low is None or estimate.high is None:
        return None
    half = estimate.value - estimate.low if distance > 0 else estimate.high - estimate.value
    return max(0, math.ceil(n * (half / distance) ** 2) - n)


def _rate_shortfall(rate: float, threshold: float, n: int) -> int | None:
    if rate == threshold:
        return None
    if not 0 < threshold < 1:
        return 0 if rate != threshold else None
    needed = Z * Z * threshold * (1 - threshold) / (rate - threshold) ** 2
    return max(0, math.floor(needed) + 1 - n)
