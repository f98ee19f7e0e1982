"""Choosing the best of many settings without fooling oneself.

The best of many trials is partly the luckiest. So the cases are split: one half chooses, the other half, which no choice
has seen, says how good the choice is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.evaluation.statistics import bootstrap_mean_interval, estimate_mean

FEW = 30  # held-out cases under which nothing is called better or worse
RESAMPLES = 1_000
FLIPS = 10_000
POWER = 2.8  # standard errors that a difference needs to be found in four samples of five, at 5 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """Places of the cases that choose, and of those that report."""

    choosing: np.ndarray
    held_out: np.ndarray


def split_cases(groups: Sequence[str], strata: Sequence[str], seed: int) -> Halves:
    """Split cases evenly within each stratum, by a seeded hash. Cases of one group (turns of one conversation) stay together.

    Args:
        groups: per case the id of what must not be torn apart.
        strata: per case what should be alike in both halves; a group has the stratum of its first case.
    """
    stratum_of: dict[str, str] = {}
    for group, stratum in zip(groups, strata, strict=True):
        stratum_of.setdefault(group, stratum)
    order = sorted(stratum_of, key=lambda group: (stratum_of[group], _hash(group, seed)))
    chosen = {group for place, group in enumerate(order) if place % 2 == 0}
    side = np.asarray([group in chosen for group in groups], dtype=bool)
    return Halves(choosing=np.flatnonzero(side), held_out=np.flatnonzero(~side))


class Resampler:
    """Intervals of many means at once, from one set of resamples of the cases: a trial costs a small matrix product.

    einsum, because BLAS would wake a thread for each core: for so little that takes ten times as long.
    """

    def __init__(self, cases: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        drawn = rng.integers(0, max(cases, 1), size=(RESAMPLES, cases))
        offsets = np.arange(RESAMPLES)[:, None] * cases
        counts = np.bincount((drawn + offsets).ravel(), minlength=RESAMPLES * cases)
        self._weights = counts.reshape(RESAMPLES, cases).astype(np.float32)

    def summarise(self, per_case: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
        """Mean, 95 % percentile interval, scored and total of each measure; NaN is a case without a score."""
        if not per_case:
            return {}
        values = np.stack([np.asarray(v, dtype=np.float32) for v in per_case.values()], axis=1)
        scored = ~np.isnan(values)
        sums = np.einsum("rc,cm->rm", self._weights, np.where(scored, values, np.float32(0)))
        counts = np.einsum("rc,cm->rm", self._weights, scored.astype(np.float32))
        means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        summaries = {}
        for i, name in enumerate(per_case):
            n = int(scored[:, i].sum())
            drawn = means[~np.isnan(means[:, i]), i]
            low, high = np.quantile(drawn, (0.025, 0.975)) if n > 1 else (None, None)
            mean = float(np.asarray(per_case[name])[scored[:, i]].mean()) if n else None
            summaries[name] = {
                "mean": mean,
                "low": None if low is None else float(low),
                "high": None if high is None else float(high),
                "scored": n,
                "total": len(values),
            }
        return summaries


def estimate(values: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """Mean with its interval over the cases with a score."""
    kept = values[~np.isnan(values)]
    found = estimate_mean(kept, seed)
    return {"mean": found.mean, "low": found.low, "high": found.high, "scored": found.n, "total": len(values)}


def compare_paired(a: np.ndarray, b: np.ndarray, *, less_is_better: bool = False, seed: int = 0) -> dict[str, Any]:
    """``a`` minus ``b`` over the cases where both have a score.

    Returns:
        ``difference`` with its bootstrap interval ``low`` and ``high``; ``p`` of a two-sided sign-flip permutation test;
        ``n``, ``wins``, ``ties`` and ``losses`` of ``a``; ``detectable``, the smallest difference that so many cases
        would show in four samples of five; ``verdict``: better, worse, unclear, same, or too_few.
    """
    difference = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    difference = difference[~np.isnan(difference)]
    n = len(difference)
    if not n:
        empty = dict.fromkeys(("difference", "low", "high", "p", "detectable"))
        return {**empty, "n": 0, "wins": 0, "ties": 0, "losses": 0, "verdict": "too_few"}
    interval = bootstrap_mean_interval(difference, seed)
    gain = -difference if less_is_better else difference
    mean = float(difference.mean())
    wins, losses = int((gain > 1e-9).sum()), int((gain < -1e-9).sum())
    return {
        "difference": mean,
        "low": interval.low,
        "high": interval.high,
        "p": _flip_signs(difference, seed),
        "detectable": POWER * float(difference.std(ddof=1)) / n**0.5 if n > 1 else None,
        "n": n,
        "wins": wins,
        "ties": n - wins - losses,
        "losses": losses,
        "verdict": _judge(n, interval.low, interval.high, wins + losses, less_is_better),
    }


def _judge(n: int, low: float | None, high: float | None, moved: int, less_is_better: bool) -> str:
    if not moved:
        return "same"
    if n < FEW or low is None or high is None:
        return "too_few"
    if low <= 0 <= high:
        return "unclear"
    return "better" if (low > 0) != less_is_better else "worse"


def _flip_signs(difference: np.ndarray, seed: int) -> float:
    """Two-sided p: how often random signs give a mean at least as far from 0. Ties carry no sign and are left out."""
    moved = difference[np.abs(difference) > 1e-9]
    if not len(moved):
        return 1.0
    observed = abs(moved.sum()) * (1 - 1e-9)
    rng = np.random.default_rng(seed)
    extreme = 0
    block = max(1, 2_000_000 // len(moved))
    for first in range(0, FLIPS, block):
        signs = rng.integers(0, 2, size=(min(block, FLIPS - first), len(moved)), dtype=np.int8) * 2.0 - 1.0
        extreme += int((np.abs(signs @ moved) >= observed).sum())
    return (extreme + 1) / (FLIPS + 1)


def _hash(group: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode("utf-8", "replace")).digest()
