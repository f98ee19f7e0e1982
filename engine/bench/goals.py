"""What figures of a benchmark are to reach, held against what was measured."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.roadmap.benchmark_evidence import find_figure, is_stand_in, read_figure

_HOLDS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchGoal:
    """A bound for one figure of a record.

    Attributes:
        figure: its path, such as ``exact.memory.p50_ms``.
        direction: ``<``, ``<=``, ``>`` or ``>=``: how the value must stand to the bound.
        unit: behind the bound, with its space; empty for a share.
    """

    figure: str
    direction: str
    bound: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.direction} {self.bound:g}{self.unit}"


def hold_goals(figures: Mapping[str, Any], goals: Mapping[str, BenchGoal]) -> dict[str, dict[str, Any]]:
    """Each goal's figure with its interval, ``goal`` in words, and whether the value meets it: ``met``, None without a value.

    A figure of a scripted server stays marked as that.
    """
    held: dict[str, dict[str, Any]] = {}
    for name, goal in goals.items():
        found = find_figure(figures, goal.figure)
        value, low, high, n = read_figure(found)
        held[name] = {
            "value": value,
            "low": low,
            "high": high,
            "n": n,
            "goal": str(goal),
            "met": None if value is None else _HOLDS[goal.direction](value, goal.bound),
        }
        if isinstance(found, Mapping) and "hits" in found:
            held[name]["hits"] = found["hits"]
        if is_stand_in(figures, goal.figure):
            held[name]["stand_in"] = True
    return held
