"""Figures of benchmarks with their intervals, and pairs of before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.evaluation.statistics import Interval, estimate_mean, quantile_interval
from engine.evaluation.statistics_paired import Moments, mean_difference_interval, newcombe_interval

Figure = dict[str, Any]


def mean_figure(values: Sequence[float]) -> Figure:
    """Mean with its 95 % interval."""
    estimate = estimate_mean(values)
    return {"value": estimate.mean, "low": estimate.low, "high": estimate.high, "n": estimate.n}


def quantile_figure(values: Sequence[float], q: float) -> Figure:
    """A quantile with its distribution-free 95 % interval."""
    interval = quantile_interval(values, q)
    value = float(np.quantile(values, q)) if len(values) else None
    return {"value": value, "low": interval.low, "high": interval.high, "n": len(values)}


def latency_figures(milliseconds: Sequence[float]) -> dict[str, Figure]:
    """Mean, median and 95th percentile."""
    return {
        "mean_ms": mean_figure(milliseconds),
        "p50_ms": quantile_figure(milliseconds, 0.5),
        "p95_ms": quantile_figure(milliseconds, 0.95),
    }


def pair_figures(before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    """Before and after over the same questions or texts: the mean of the differences with its interval, and the ratio."""
    differences = [b - a for a, b in zip(before, after, strict=True)]
    interval = _bound_difference(before, after, differences)
    difference = sum(differences) / len(differences) if differences else None
    total_before, total_after = sum(before), sum(after)
    return {
        "before": mean_figure(before),
        "after": mean_figure(after),
        "difference": {"value": difference, "low": interval.low, "high": interval.high, "n": len(differences)},
        "saved_share": 1 - total_after / total_before if total_before else None,
    }


def _bound_difference(before: Sequence[float], after: Sequence[float], differences: Sequence[float]) -> Interval:
    """Newcombe's interval for two rates, else that of a paired mean difference."""
    if not {*before, *after} <= {0.0, 1.0}:
        return mean_difference_interval(Moments.of(differences))
    pairs = list(zip(before, after, strict=True))
    return newcombe_interval(*(pairs.count(pair) for pair in ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0))))


def not_built(reason: str) -> dict[str, str]:
    """Stands where a figure would: nothing is simulated."""
    return {"status": "not built yet", "reason": reason}
