"""How many cases a question needs, and what a number of cases can show. 80 % power, two-sided 5 %, unless said otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

from engine.errors import InputError

MOST_CASES = 10_000_000
_NORMAL = NormalDist()
Z = _NORMAL.inv_cdf(0.975)
POWER = _NORMAL.inv_cdf(0.8)


def count_for_rate(rate: float, half_width: float) -> int:
    """Cases after which a rate's Wilson interval reaches at most ``half_width`` to either side of its middle.

    The interval of k of n (Wilson 1927) with k = rate times n, whole or not.

    Raises:
        InputError: a rate outside [0, 1], a half-width outside (0, 0.5), or one that no suite would reach.
    """
    _check_share("rate", rate)
    if not 0 < half_width < 0.5:
        raise InputError(f"half-width {half_width:g}: expected a share above 0 and below 0.5.", "3 points are 0.03.")
    return _search(lambda n: find_half_width(rate, n) <= half_width, f"half-width {half_width:g}")


def find_half_width(rate: float, n: int) -> float:
    """Half of the width of the Wilson interval of ``rate`` over ``n`` cases."""
    return Z * math.sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)


def count_for_paired_rates(difference: float, discordance: float) -> int:
    """Cases both runs answer, so that McNemar's test finds ``difference`` in four comparisons of five.

    Miettinen (1968), Biometrics 24:339; Connor (1987), Biometrics 43:207:
    n = (z_a sqrt(psi) + z_b sqrt(psi - d^2))^2 / d^2, where psi is the share of cases on which the runs disagree.

    Raises:
        InputError: a difference that is 0 or more than the discordance allows.
    """
    d = abs(difference)
    _check_share("discordance", discordance)
    if not 0 < d <= discordance:
        raise InputError(
            f"difference {difference:g}: expected more than 0 and at most the share of cases on which the runs disagree, "
            f"{discordance:g}."
        )
    return math.ceil(_needed_pairs(d, discordance))


def count_for_paired_means(difference: float, deviation: float) -> int | None:
    """Cases so that a paired test finds a mean difference in four comparisons of five; None for a difference of 0.

    n = ((z_a + z_b) s / d)^2, s the standard deviation of the paired differences.
    """
    if difference == 0:
        return None
    return max(2, math.ceil(((Z + POWER) * deviation / difference) ** 2))


def find_detectable_rate(n: int, discordance: float) -> float | None:
    """Smallest paired difference of rates that ``n`` cases show in four comparisons of five; None when none would.

    A difference cannot exceed the discordance: where the observed one is less than what would be found, all
    disagreement is taken to go one way.
    """
    if n < 1 or _needed_pairs(1.0, 1.0) > n:
        return None
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _needed_pairs(middle, max(middle, discordance)) <= n else (middle, high)
    return high


def find_detectable_mean(n: int, deviation: float) -> float | None:
    """Smallest paired mean difference that ``n`` cases show in four comparisons of five; None without a spread."""
    return (Z + POWER) * deviation / math.sqrt(n) if n > 1 and deviation > 0 else None


def count_for_goal(rate: float, goal: float) -> int | None:
    """Cases after which the Wilson interval of ``rate`` leaves the goal out, so that it is met or missed for sure.

    None when the rate is the goal: no number of cases decides that.

    Raises:
        InputError: a rate or a goal outside [0, 1].
    """
    _check_share("rate", rate)
    _check_share("goal", goal)
    if rate == goal:
        return None

    def decided(n: int) -> bool:
        centre, half = (rate + Z * Z / (2 * n)) / (1 + Z * Z / n), find_half_width(rate, n)
        return abs(goal - centre) > half

    return _search(decided, f"goal {goal:g}")


def _needed_pairs(d: float, discordance: float) -> float:
    return ((Z * math.sqrt(discordance) + POWER * math.sqrt(max(0.0, discordance - d * d))) / d) ** 2


def _search(enough: Callable[[int], bool], what: str) -> int:
    """The first number from which on it is enough, by doubling and halving."""
    high = 1
    while not enough(high):
        if high > MOST_CASES:
            raise InputError(f"{what}: more than {MOST_CASES:,} cases would be needed.", "Choose a larger one.")
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise InputError(f"{name} {value:g}: expected a share between 0 and 1.", "90 % is 0.9.")
