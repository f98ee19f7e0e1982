"""How far two raters agree: a judge and a person, two persons, two judges."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from engine.evaluation.statistics import Interval, wilson_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class KappaEstimate:
    """Agreement of two raters over ``n`` items.

    Attributes:
        agreed: items that both put into the same category.
        rate, rate_low, rate_high: ``agreed`` ÷ ``n`` with its Wilson interval; None without items.
        kappa: agreement beyond chance, at most 1, 0 for chance; None when it says nothing: without items, or when one of
            the two put every item into one category, so that agreement and chance cannot be told apart.
        low, high: the interval of ``kappa``.
    """

    n: int
    agreed: int
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    kappa: float | None
    low: float | None
    high: float | None

    def as_json(self) -> dict[str, float | int | None]:
        """Its fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable], confidence: float = 0.95) -> KappaEstimate:
    """Cohen's kappa of two raters' categories, item by item.

    Cohen 1960, A coefficient of agreement for nominal scales, eq. 1. The interval is the normal one with the standard
    error of Fleiss, Cohen and Everitt 1969, eq. 13. That error is 0 when all agree; the lower end then comes from the
    Wilson interval of the agreement, with the agreement by chance held fixed, as in Cohen's own standard error.

    Raises:
        ValueError: ``a`` and ``b`` differ in length.
    """
    n = len(a)
    pairs = Counter(zip(a, b, strict=True))
    agreed = sum(count for (x, y), count in pairs.items() if x == y)
    rate = wilson_interval(agreed, n, confidence)
    kappa, interval = _estimate_kappa(pairs, n, agreed, rate, confidence)
    return KappaEstimate(
        n=n,
        agreed=agreed,
        rate=agreed / n if n else None,
        rate_low=rate.low,
        rate_high=rate.high,
        kappa=kappa,
        low=interval.low,
        high=interval.high,
    )


def _estimate_kappa(
    pairs: Counter[tuple[Hashable, Hashable]], n: int, agreed: int, rate: Interval, confidence: float
) -> tuple[float | None, Interval]:
    rows: Counter[Hashable] = Counter()
    columns: Counter[Hashable] = Counter()
    for (x, y), count in pairs.items():
        rows[x] += count
        columns[y] += count
    chance_pairs = sum(rows[c] * columns[c] for c in rows)
    if min(sum(count > 0 for count in used.values()) for used in (rows, columns)) < 2:
        return None, Interval(None, None)
    observed, chance = agreed / n, chance_pairs / (n * n)
    kappa = (observed - chance) / (1 - chance)
    if agreed == n and rate.low is not None:
        return kappa, Interval(max(-1.0, (rate.low - chance) / (1 - chance)), 1.0)
    half = NormalDist().inv_cdf((1 + confidence) / 2) * _standard_error(pairs, rows, columns, n, kappa, chance)
    return kappa, Interval(max(-1.0, kappa - half), min(1.0, kappa + half))


def _standard_error(
    pairs: Counter[tuple[Hashable, Hashable]],
    rows: Counter[Hashable],
    columns: Counter[Hashable],
    n: int,
    kappa: float,
    chance: float,
) -> float:
    """Fleiss, Cohen and Everitt 1969, Large sample standard errors of kappa and weighted kappa, eq. 13."""
    rest = 1 - kappa
    same = sum(count / n * (1 - (rows[x] + columns[x]) / n * rest) ** 2 for (x, y), count in pairs.items() if x == y)
    unlike = rest**2 * sum(count / n * ((columns[x] + rows[y]) / n) ** 2 for (x, y), count in pairs.items() if x != y)
    variance = (same + unlike - (kappa - chance * rest) ** 2) / (n * (1 - chance) ** 2)
    return math.sqrt(max(0.0, variance))
