"""A judge's own noise, from judging each case several times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.evaluation.judging.agreement import PASS_AT
from engine.evaluation.statistics import wilson_interval

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How far a judge differs from itself.

    Attributes:
        cases: cases judged at least twice. Without one every figure is None.
        repeats: judgements of them, in all.
        deviation: standard deviation of one judgement within a case: the square root of the within-case variance,
            pooled over the cases (the repeatability standard deviation of ISO 5725-2, 7.4.2).
        flipped: cases whose verdict at 0.5 is not the same in all repetitions.
        flip_rate, flip_low, flip_high: ``flipped`` ÷ ``cases`` with its Wilson interval.
        worst: largest spread of one case, and ``worst_case`` its id.
        mean_shift: how far the mean over the cases may move by the judge's noise alone, 95 % of the time, when each
            case is judged once; ``mean_shift_repeated`` when it is judged as often as here.
    """

    cases: int
    repeats: int
    deviation: float | None = None
    flipped: int = 0
    flip_rate: float | None = None
    flip_low: float | None = None
    flip_high: float | None = None
    worst: float | None = None
    worst_case: str = ""
    mean_shift: float | None = None
    mean_shift_repeated: float | None = None

    def as_json(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def measure_noise(repeats: Mapping[str, Sequence[float]]) -> Noise:
    """The noise of a judge from the values of its repetitions by case.

    The mean of n cases, each the mean of k_i judgements with within-case variance s², varies by the judge alone with
    variance Σ s²/k_i / n² (variance of a mean of independent terms).
    """
    usable = {case: np.asarray(values, dtype=np.float64) for case, values in repeats.items() if len(values) > 1}
    if not usable:
        return Noise(cases=0, repeats=0)
    n = len(usable)
    freedom = sum(len(v) - 1 for v in usable.values())
    variance = sum(float(((v - v.mean()) ** 2).sum()) for v in usable.values()) / freedom
    flipped = sum(1 for v in usable.values() if len({bool(x >= PASS_AT) for x in v}) > 1)
    rate = wilson_interval(flipped, n)
    worst_case = max(usable, key=lambda case: (float(np.ptp(usable[case])), case))
    repeated = sum(variance / len(v) for v in usable.values()) / n**2
    return Noise(
        cases=n,
        repeats=sum(len(v) for v in usable.values()),
        deviation=math.sqrt(variance),
        flipped=flipped,
        flip_rate=flipped / n,
        flip_low=rate.low,
        flip_high=rate.high,
        worst=float(np.ptp(usable[worst_case])),
        worst_case=worst_case,
        mean_shift=Z95 * math.sqrt(variance / n),
        mean_shift_repeated=Z95 * math.sqrt(repeated),
    )
