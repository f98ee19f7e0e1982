"""Means with intervals, and two settings compared case by case.

The intervals are those of ``engine.evaluation.statistics``; the resamples of a number of cases are drawn once and kept, so
that the means of all measures are one matrix product.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from engine.evaluation.statistics import (
    BOOTSTRAP_LIMIT,
    RESAMPLES,
    Interval,
    bootstrap_mean_interval,
    estimate_mean,
    interval_of_resamples,
)
from engine.tuning.types import Figure, PairedDifference, SuiteFigures


def summarise(per_case: Mapping[str, np.ndarray]) -> dict[str, Figure]:
    """Mean and interval of each measure over the cases that it applies to."""
    figures = {}
    for name, values in per_case.items():
        known = values[~np.isnan(values)]
        mean = float(known.mean()) if len(known) else None
        interval = find_interval(known)
        figures[name] = Figure(mean=mean, low=interval.low, high=interval.high, scored=len(known), total=len(values))
    return figures


def find_interval(values: np.ndarray) -> Interval:
    """The interval of the values' mean, as ``estimate_mean`` gives it."""
    rate = bool(np.all((values == 0.0) | (values == 1.0)))
    if rate or not 2 <= len(values) <= BOOTSTRAP_LIMIT or np.ptp(values) == 0.0:
        estimate = estimate_mean(values)
        return Interval(estimate.low, estimate.high)
    return interval_of_resamples(values, _count_draws(len(values)) @ values / len(values))


@lru_cache(maxsize=8)
def _count_draws(n: int) -> np.ndarray:
    """How often each of n values is drawn in each resample of ``bootstrap_mean_interval``, (resamples, n)."""
    draws = np.random.default_rng(0).integers(0, n, size=(RESAMPLES, n))
    rows = np.arange(RESAMPLES)[:, None] * n
    return np.bincount((draws + rows).ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n).astype(np.float64)


def compare_figures(a: SuiteFigures, b: SuiteFigures) -> dict[str, PairedDifference]:
    """B less A by measure, paired by case.

    Raises:
        ValueError: the two were evaluated on other cases.
    """
    if not np.array_equal(a.cases, b.cases):
        raise ValueError("the two evaluations hold other cases")
    return {name: compare_values(a.per_case[name], b.per_case[name]) for name in a.per_case if name in b.per_case}


def compare_values(a: np.ndarray, b: np.ndarray) -> PairedDifference:
    """The paired difference of two rows of values; cases where either is NaN are left out."""
    known = ~(np.isnan(a) | np.isnan(b))
    difference = (b - a)[known]
    interval = bootstrap_mean_interval(difference)
    return PairedDifference(
        difference=float(difference.mean()) if len(difference) else None,
        low=interval.low,
        high=interval.high,
        n=len(difference),
        wins=int((difference > 0).sum()),
        ties=int((difference == 0).sum()),
        losses=int((difference < 0).sum()),
    )
