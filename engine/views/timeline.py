"""The plan of a roadmap as bars, in dates or in days from its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.roadmap.types import Gate, Roadmap, TimelineItem


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineBar:
    """One bar of the plan; ``begins`` is a date or a day, ``length`` milliseconds or days to match."""

    label: str
    words: str
    hover: str
    begins: Any
    length: float
    dated: bool
    is_phase: bool
    verdict: str


def build_bars(roadmap: Roadmap, gates: Mapping[int, Gate]) -> tuple[tuple[TimelineBar, ...], tuple[str, ...]]:
    """Bars of what can be placed, and in words what cannot. Dates win over days when any item has them."""
    dated = any(item.start and item.end for item in roadmap.timeline)
    bars, rest = [], []
    for item in roadmap.timeline:
        bar = _bar(item, gates, dated)
        if bar is None:
            rest.append(f"{item.title} ({item.duration})" if item.duration else item.title)
        else:
            bars.append(bar)
    return tuple(bars), tuple(rest)


def _bar(item: TimelineItem, gates: Mapping[int, Gate], dated: bool) -> TimelineBar | None:
    gate = gates.get(item.phase)
    verdict = gate.verdict if gate else "no_data"
    words = {"pass": "pass", "fail": "fail", "no_data": "no data"}[verdict]
    begins: Any
    if dated:
        if not (item.start and item.end):
            return None
        begins, days = item.start.isoformat(), float((item.end - item.start).days + 1)
        hover = f"{item.start.isoformat()} to {item.end.isoformat()}"
    else:
        if item.day is None or item.days is None:
            return None
        begins, days, hover = item.day, item.days, item.duration
    return TimelineBar(
        label=item.title,
        words=words,
        hover=f"{hover}; phase {item.phase}: {words}",
        begins=begins,
        length=days * 86_400_000 if dated else days,
        dated=dated,
        is_phase=True,
        verdict=verdict,
    )
