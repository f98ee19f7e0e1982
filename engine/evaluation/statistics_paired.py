"""Two runs over the same cases: tests and intervals of a paired difference. Cross-checked against scipy and statsmodels.

Nothing here needs more of a large sample than its counts and sums, so that those can be taken in SQL.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from engine.evaluation.statistics import BOOTSTRAP_LIMIT, Interval, bootstrap_mean_interval, wilson_interval

EXACT_FLIPS = 16  # differences up to which all 2^n signs are tried
MOST_FLIPPED = 1_000  # above it the sign-flip distribution is its normal limit to the third digit
FLIPS = 10_000
EXACT_DISCORDANT = 10_000
FEWEST_RESAMPLED = 80  # under it BCa covers too little (85 to 90 % with 10 pairs); Student's t is nearer to 95 %
_NORMAL = NormalDist()
Z = _NORMAL.inv_cdf(0.975)
_T = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314,
    2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What a paired mean difference needs: ``n`` pairs, the differences' sum and sum of squares, those that are not 0.

    ``moved`` is None when there are more than ``MOST_FLIPPED`` of them.
    """

    n: int
    total: float
    squares: float
    moved: np.ndarray | None

    @classmethod
    def of(cls, differences: Sequence[float] | np.ndarray) -> Moments:
        """From the differences themselves."""
        d = np.asarray(differences, dtype=np.float64)
        moved = d[np.abs(d) > 1e-9]
        kept = moved if len(moved) <= MOST_FLIPPED else None
        return cls(n=len(d), total=float(d.sum()), squares=float(d @ d), moved=kept)

    @property
    def mean(self) -> float:
        """The mean difference; at least one pair."""
        return self.total / self.n

    @property
    def deviation(self) -> float:
        """Standard deviation of the differences (n - 1); 0 for one pair."""
        if self.n < 2:
            return 0.0
        return math.sqrt(max(0.0, self.squares - self.total**2 / self.n) / (self.n - 1))


def newcombe_interval(both: int, only_a: int, only_b: int, neither: int) -> Interval:
    """95 % interval of the paired difference of two rates, B less A.

    Newcombe (1998), Statistics in Medicine 17:2635, method 10: the Wilson intervals of both rates, combined with the
    correlation of the pairs. It stays inside [-1, 1] and is of use without any discordant pair.
    """
    n = both + only_a + only_b + neither
    if n == 0:
        return Interval(None, None)
    ones_a, ones_b = both + only_a, both + only_b
    a, b = ones_a / n, ones_b / n
    low_a, high_a = _ends(wilson_interval(ones_a, n))
    low_b, high_b = _ends(wilson_interval(ones_b, n))
    phi = _correlation(both, only_a, only_b, neither)
    down = (b - low_b) ** 2 - 2 * phi * (b - low_b) * (high_a - a) + (high_a - a) ** 2
    up = (high_b - b) ** 2 - 2 * phi * (high_b - b) * (a - low_a) + (a - low_a) ** 2
    return Interval(b - a - math.sqrt(max(0.0, down)), b - a + math.sqrt(max(0.0, up)))


def _correlation(both: int, only_a: int, only_b: int, neither: int) -> float:
    """The pairs' phi, with Newcombe's continuity correction where it is positive."""
    rows = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    if rows == 0:
        return 0.0
    cross = both * neither - only_a * only_b
    if cross > 0:
        cross = max(cross - (both + only_a + only_b + neither) / 2, 0.0)  # type: ignore[assignment]
    return cross / math.sqrt(rows)


def _ends(interval: Interval) -> tuple[float, float]:
    return (0.0 if interval.low is None else interval.low, 1.0 if interval.high is None else interval.high)


def mcnemar_p(losses: int, wins: int) -> float:
    """Two-sided p of McNemar's exact test: the binomial probability of a split of the discordant pairs as uneven or more.

    The exact test, not its mid-p: it never calls equal systems different more often than it says, which a gate needs more
    than the last few per cent of power. From 10,001 discordant pairs on its normal limit.
    """
    n, few = losses + wins, min(losses, wins)
    if n == 0:
        return 1.0
    if n > EXACT_DISCORDANT:
        return normal_p((wins - losses) / math.sqrt(n))
    k = np.arange(few + 1)
    log_pmf = math.lgamma(n + 1) - _log_factorial(k) - _log_factorial(n - k) - n * math.log(2)
    pmf = np.exp(log_pmf)
    return float(min(1.0, max(2 * pmf.sum(), sys.float_info.min)))


def _log_factorial(values: np.ndarray) -> np.ndarray:
    top = int(values.max())
    table = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, top + 1)))])
    return table[values]


def permutation_p(moments: Moments, seed: int = 0) -> float:
    """Two-sided p of the paired permutation test: how often random signs put the sum at least as far from 0.

    Up to 16 differences that are not 0: all signs. Up to 1,000: 10,000 seeded signs, the observed ones counted among them
    (Phipson and Smyth 2010), so that p is never 0. Above: the normal limit of the same distribution.
    """
    moved = moments.moved
    if moved is None:
        return normal_p(moments.total / math.sqrt(moments.squares))
    if not len(moved):
        return 1.0
    observed = abs(float(moved.sum())) * (1 - 1e-9)
    if len(moved) <= EXACT_FLIPS:
        sums = np.zeros(1)
        for value in moved:
            sums = np.concatenate([sums + value, sums - value])
        return float(np.mean(np.abs(sums) >= observed))
    extreme = 1
    rng = np.random.default_rng(seed)
    block = max(1, 4_000_000 // len(moved))
    for first in range(0, FLIPS, block):
        rows = min(block, FLIPS - first)
        bits = np.unpackbits(
            np.frombuffer(rng.bytes(-(-rows * len(moved) // 8)), dtype=np.uint8), count=rows * len(moved)
        )
        flipped = bits.reshape(rows, len(moved)) @ moved  # of each row the sum of what keeps its sign
        extreme += int((np.abs(2 * flipped - moved.sum()) >= observed).sum())
    return extreme / (FLIPS + 1)


def mean_difference_interval(moments: Moments, seed: int = 0) -> Interval:
    """95 % interval of a paired mean difference: BCa for 80 to 400 pairs, Student's t for fewer and for more."""
    n = moments.n
    if n < 2:
        return Interval(None, None)
    if moments.moved is not None and FEWEST_RESAMPLED <= n <= BOOTSTRAP_LIMIT:
        return bootstrap_mean_interval(np.concatenate([moments.moved, np.zeros(n - len(moments.moved))]), seed)
    half = t_quantile(n - 1) * moments.deviation / math.sqrt(n)
    return Interval(moments.mean - half, moments.mean + half)


def t_quantile(freedom: int) -> float:
    """97.5 % quantile of Student's t: a table up to 30, above the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5)."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    return Z + (Z**3 + Z) / (4 * freedom) + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)


def student_p(t: float, freedom: int) -> float:
    """Two-sided p of Student's t with whole degrees of freedom, never 0 (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    angle = math.atan(abs(t) / math.sqrt(freedom))
    square, term, total = math.cos(angle) ** 2, 1.0 if freedom % 2 == 0 else math.cos(angle), 0.0
    for i in range(2 if freedom % 2 == 0 else 3, freedom + 1, 2):
        total += term
        term *= square * (i - 1) / i
    inside = math.sin(angle) * total if freedom % 2 == 0 else 2 / math.pi * (angle + math.sin(angle) * total)
    return min(1.0, max(1 - inside, sys.float_info.epsilon))


def normal_p(z: float) -> float:
    """Two-sided p of a standard normal value, never 0."""
    return max(math.erfc(abs(z) / math.sqrt(2)), sys.float_info.min)


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (1979): compared with 5 %, they hold the chance of any false finding to 5 %."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted
