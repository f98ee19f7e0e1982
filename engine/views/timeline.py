"""The plan of a roadmap as bars, in dates or in days from its start, with today's place in it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.roadmap.types import Gate, Phase, Roadmap, TimelineItem
from engine.views.phases import phase_name
from engine.views.words import plural

DAY_MS = 86_400_000
NEAR = 0.25  # of the plan's length: how far outside of it today is still drawn


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """The time line.

    Attributes:
        title: the finding.
        axis: name of the axis; empty for dates.
        today: ISO date where today is drawn, else empty.
        undated: what cannot be placed.
    """

    bars: tuple[TimelineBar, ...]
    title: str
    axis: str
    today: str
    undated: tuple[str, ...]


def build_plan(roadmap: Roadmap, gates: Mapping[int, Gate], today: datetime.date | None = None) -> PlanView:
    """Bars of what can be placed, and in words what cannot. Dates win over days when any item has them.

    A phase with dates is a bar, its parts stand under it.
    """
    day = today or datetime.datetime.now(datetime.UTC).date()
    dated = any(p.start and p.end for p in roadmap.phases) or any(i.start and i.end for i in roadmap.timeline)
    bars, rest = [], []
    for phase in roadmap.phases:
        own = [item for item in roadmap.timeline if item.phase == phase.number]
        whole = _phase_bar(phase, gates) if dated else None
        bars += [whole] if whole else []
        spans = {(phase.start, phase.end)} if whole else set()
        for item in (i for i in own if (i.start, i.end) not in spans):
            bar = _bar(item, gates, dated, is_phase=whole is None)
            if bar is None and whole is not None:
                continue  # it stands for the phase, whose own bar has the dates
            if bar is None:
                rest.append(f"{item.title} ({item.duration})" if item.duration else item.title)
            else:
                bars.append(bar)
        if dated and not whole and not own:
            rest.append(phase_name(phase))
    ends = _find_ends(bars) if dated else None
    return PlanView(
        bars=tuple(bars),
        title=_title(roadmap, gates, ends, day),
        axis="" if dated else "days from the plan's start",
        today=day.isoformat() if ends and _is_near(ends, day) else "",
        undated=tuple(rest),
    )


def _title(
    roadmap: Roadmap, gates: Mapping[int, Gate], ends: tuple[datetime.date, datetime.date] | None, today: datetime.date
) -> str:
    passed = sum(gate.verdict == "pass" for gate in gates.values())
    state = f"{passed} of {plural(len(roadmap.phases), 'phase')} pass"
    if ends is None:
        return f"{state}; the plan has no dates"
    first, last = ends
    if today > last:
        return f"{state}; the plan ended {plural((today - last).days, 'day')} ago, on {last}"
    if today < first:
        return f"{state}; the plan begins in {plural((first - today).days, 'day')}, on {first}"
    return f"{state}; {plural((last - today).days, 'day')} are left until {last}"


def _find_ends(bars: list[TimelineBar]) -> tuple[datetime.date, datetime.date] | None:
    spans = [(datetime.date.fromisoformat(bar.begins), round(bar.length / DAY_MS)) for bar in bars]
    if not spans:
        return None
    last = max(begin + datetime.timedelta(days=days - 1) for begin, days in spans)
    return min(begin for begin, _ in spans), last


def _is_near(ends: tuple[datetime.date, datetime.date], today: datetime.date) -> bool:
    first, last = ends
    margin = datetime.timedelta(days=round(NEAR * ((last - first).days + 1)) + 1)
    return first - margin <= today <= last + margin


def _phase_bar(phase: Phase, gates: Mapping[int, Gate]) -> TimelineBar | None:
    if not (phase.start and phase.end):
        return None
    words, verdict = _state(gates.get(phase.number))
    return TimelineBar(
        label=phase_name(phase),
        words=words,
        hover=f"{phase.start} to {phase.end}; gate: {words}",
        begins=phase.start.isoformat(),
        length=float((phase.end - phase.start).days + 1) * DAY_MS,
        dated=True,
        is_phase=True,
        verdict=verdict,
    )


def _bar(item: TimelineItem, gates: Mapping[int, Gate], dated: bool, *, is_phase: bool) -> TimelineBar | None:
    words, verdict = _state(gates.get(item.phase))
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
        words=words if is_phase else "",
        hover=f"{hover}; gate of phase {item.phase}: {words}",
        begins=begins,
        length=days * DAY_MS if dated else days,
        dated=dated,
        is_phase=is_phase,
        verdict=verdict,
    )


def _state(gate: Gate | None) -> tuple[str, str]:
    verdict = gate.verdict if gate else "no_data"
    words = {"pass": "pass", "fail": "fail", "no_data": "no data"}[verdict]
    return (f"{words}, {gate.waived} waived" if gate and gate.waived else words), verdict
