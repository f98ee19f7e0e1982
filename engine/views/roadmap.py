"""One phase of a roadmap: its gate, its KPIs over time and over the phases, its plan, what the document merely claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.reports.wording import goal_words, interval_words, unit_words, value_words
from engine.roadmap.gates import check_roadmap, find_phase, kpi_history
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Gate, GoalVerdict, KpiPoint, Phase, Policy, Roadmap, TimelineItem
from engine.store import Store
from engine.views.words import count, plural

VERDICT_SENTENCES = {
    "pass": "Every goal of this phase is met.",
    "fail": "At least one goal of this phase is missed.",
    "no_data": "Not decided: evidence is missing.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalRow:
    """One goal of the gate, in words.

    Attributes:
        action: name of a suite to run when that would give the evidence, else empty.
        more: how many more cases would decide it, in words, or empty.
    """

    kpi: str
    title: str
    goal: str
    value: str
    interval: str
    counts: str
    n: int
    verdict: str
    reason: str
    more: str
    source: str
    runs: tuple[str, ...]
    action: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measured value of a KPI."""

    when: datetime
    value: float
    low: float | None
    high: float | None
    n: int
    run_id: str
    verdict: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """Where a phase begins."""

    when: datetime
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiSeries:
    """A KPI over time with its goal."""

    kpi: str
    title: str
    finding: str
    axis: str
    as_percent: bool
    goal: float
    goal_words: str
    points: tuple[Point, ...]
    borders: tuple[Border, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseGoal:
    """A KPI's goal in one phase and the newest value."""

    label: str
    goal: float
    goal_words: str
    value: float | None
    low: float | None
    high: float | None
    value_words: str
    verdict: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseGoals:
    """A KPI over the phases that set a goal for it."""

    kpi: str
    finding: str
    axis: str
    as_percent: bool
    phases: tuple[PhaseGoal, ...]


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
class PhaseView:
    """Everything that the Roadmap screen shows of one phase."""

    roadmap: Roadmap
    phase: Phase
    phase_name: str
    gate: Gate
    headline: str
    goals: tuple[GoalRow, ...]
    series: tuple[KpiSeries, ...]
    comparisons: tuple[PhaseGoals, ...]
    timeline: tuple[TimelineBar, ...]
    timeline_axis: str
    undated: tuple[str, ...]
    phases: tuple[tuple[int, str], ...]

    def find_series(self, kpi: str) -> KpiSeries | None:
        """A KPI over time."""
        return next((s for s in self.series if s.kpi == kpi), None)

    def find_comparison(self, kpi: str) -> PhaseGoals | None:
        """A KPI over the phases."""
        return next((c for c in self.comparisons if c.kpi == kpi), None)


def load_phase(store: Store, roadmap_name: str, number: int, policy: Policy = "point") -> PhaseView:
    """One phase of a roadmap, measured now.

    Raises:
        UnknownNameError: no such roadmap or phase.
    """
    roadmap = load_roadmap(roadmap_name)
    phase = find_phase(roadmap, number)
    gates = {gate.phase: gate for gate in check_roadmap(roadmap, store, policy).gates}
    gate = gates[number]
    history = kpi_history(roadmap, store)
    bars, undated = _timeline(roadmap, gates)
    return PhaseView(
        roadmap=roadmap,
        phase=phase,
        phase_name=phase_name(phase),
        gate=gate,
        headline=gate_headline(gate),
        goals=tuple(goal_row(g) for g in gate.goals),
        series=tuple(build_series(roadmap, g, history) for g in gate.goals),
        comparisons=tuple(_comparison(g.kpi, roadmap, gates) for g in gate.goals),
        timeline=bars,
        timeline_axis="" if any(b.dated for b in bars) else "days from the plan's start",
        undated=undated,
        phases=tuple((p.number, phase_name(p)) for p in roadmap.phases),
    )


def gate_headline(gate: Gate) -> str:
    """One sentence: the verdict and the goals behind it."""
    counts = f"{gate.count('pass')} of {plural(len(gate.goals), 'goal')} met"
    if gate.count("fail"):
        counts += f", {gate.count('fail')} missed"
    if gate.count("no_data"):
        counts += f", {gate.count('no_data')} without data"
    return f"{VERDICT_SENTENCES[gate.verdict]} {counts}."


def phase_name(phase: Phase) -> str:
    """Label and title without saying the same twice."""
    label = phase.label or f"Phase {phase.number}"
    return phase.title if phase.title.lower().startswith(label.lower()) else f"{label}: {phase.title}" if phase.title else label


def goal_row(goal: GoalVerdict) -> GoalRow:
    """One goal in words."""
    more = ""
    if goal.more_cases and "more cases" not in goal.reason:
        more = f"about {plural(goal.more_cases, 'more case')} would decide it"
    action = goal.suites[0] if goal.verdict == "no_data" and goal.suites else ""
    return GoalRow(
        kpi=goal.kpi,
        title=goal.title,
        goal=goal_words(goal.direction, goal.threshold, goal.unit),
        value=value_words(goal.value, goal.unit, goal.threshold),
        interval=interval_or_nothing(goal),
        counts=_counts(goal),
        n=goal.n,
        verdict=goal.verdict,
        reason=goal.reason,
        more=more,
        source=goal.source,
        runs=goal.runs,
        action=action,
        command=goal.command,
    )


def interval_or_nothing(goal: GoalVerdict) -> str:
    """The interval in words; empty where a single observation bounds nothing."""
    if goal.value is None or (goal.low is None and goal.high is None):
        return ""
    return interval_words(goal.low, goal.high, goal.unit)


def _counts(goal: GoalVerdict) -> str:
    if goal.total and goal.scored < goal.total:
        return f"scored {count(goal.scored)} of {count(goal.total)}"
    return f"n = {count(goal.n)}, all scored" if goal.n else ""


def build_series(roadmap: Roadmap, goal: GoalVerdict, history: Sequence[KpiPoint]) -> KpiSeries:
    """A KPI's measured values against one goal."""
    target = next(g for p in roadmap.phases for g in p.goals if g.kpi == goal.kpi and g.value == goal.threshold)
    points = tuple(
        Point(
            when=p.started_at.replace(tzinfo=UTC),
            value=p.value,
            low=p.low,
            high=p.high,
            n=p.n,
            run_id=p.run_id,
            verdict="pass" if target.is_met_by(p.value) else "fail",
            words=value_words(p.value, goal.unit, goal.threshold),
        )
        for p in history
        if p.kpi == goal.kpi
    )
    first, last = (points[0].when, points[-1].when) if points else (None, None)
    borders = tuple(
        Border(when=_midnight(p.start), label=p.label or f"Phase {p.number}")
        for p in roadmap.phases
        if p.start and first and last and first - timedelta(days=60) <= _midnight(p.start) <= last + timedelta(days=60)
    )
    words = goal_words(goal.direction, goal.threshold, goal.unit)
    return KpiSeries(
        kpi=goal.kpi,
        title=goal.title,
        finding=_trend_words(goal, points, words),
        axis=unit_words(goal.unit),
        as_percent=goal.unit == "share",
        goal=goal.threshold,
        goal_words=words,
        points=points,
        borders=borders,
    )


def _trend_words(goal: GoalVerdict, points: Sequence[Point], words: str) -> str:
    if not points:
        return f"{goal.title}: nothing measured yet (goal {words})"
    last = points[-1]
    relation = "meets" if last.verdict == "pass" else "misses"
    text = f"{goal.title} {relation} its goal: {last.words} against {words}"
    if len(points) > 1:
        text += f", from {points[0].words}"
    return text


def _comparison(kpi: str, roadmap: Roadmap, gates: Mapping[int, Gate]) -> PhaseGoals:
    rows: list[PhaseGoal] = []
    unit = roadmap.kpi(kpi).unit
    for phase in roadmap.phases:
        for goal in gates[phase.number].goals:
            if goal.kpi != kpi:
                continue
            rows.append(
                PhaseGoal(
                    label=phase.label or f"Phase {phase.number}",
                    goal=goal.threshold,
                    goal_words=goal_words(goal.direction, goal.threshold, unit),
                    value=goal.value,
                    low=goal.low,
                    high=goal.high,
                    value_words=value_words(goal.value, unit, goal.threshold),
                    verdict=goal.verdict,
                    n=goal.n,
                )
            )
    met = sum(r.verdict == "pass" for r in rows)
    finding = f"{roadmap.kpi(kpi).title}: meets the goal of {met} of {plural(len(rows), 'phase')} that set one"
    return PhaseGoals(kpi=kpi, finding=finding, axis=unit_words(unit), as_percent=unit == "share", phases=tuple(rows))


def _timeline(roadmap: Roadmap, gates: Mapping[int, Gate]) -> tuple[tuple[TimelineBar, ...], tuple[str, ...]]:
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


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def load_phase_names(roadmap_name: str) -> dict[str, str]:
    """Phases of a roadmap: number to name.

    Raises:
        UnknownNameError: no such roadmap.
    """
    return {str(phase.number): phase_name(phase) for phase in load_roadmap(roadmap_name).phases}
