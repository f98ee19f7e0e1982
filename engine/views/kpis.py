"""KPIs over time and over the phases of a roadmap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.reports.wording import goal_words, unit_words, value_words
from engine.roadmap.types import Gate, GoalVerdict, KpiPoint, Roadmap
from engine.views.words import in_zone, plural


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
    waived_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseGoals:
    """A KPI over the phases that set a goal for it."""

    kpi: str
    finding: str
    axis: str
    as_percent: bool
    phases: tuple[PhaseGoal, ...]


def build_series(
    roadmap: Roadmap, goal: GoalVerdict, history: Sequence[KpiPoint], zone: str | None = None
) -> KpiSeries:
    """A KPI's measured values against one goal."""
    target = next(g for p in roadmap.phases for g in p.goals if g.kpi == goal.kpi and g.value == goal.threshold)
    points = tuple(
        Point(
            when=_local(p.started_at, zone),
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


def build_comparison(kpi: str, roadmap: Roadmap, gates: Mapping[int, Gate]) -> PhaseGoals:
    """A KPI's goals over the phases, with the newest value."""
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
                    waived_until=goal.waiver["expires_on"] if goal.waiver else "",
                )
            )
    met = sum(r.verdict == "pass" for r in rows)
    waived = sum(bool(r.waived_until) for r in rows)
    waived_words = f", {waived} waived" if waived else ""
    finding = (
        f"{roadmap.kpi(kpi).title}: meets the goal of {met} of {plural(len(rows), 'phase')} that set one{waived_words}"
    )
    return PhaseGoals(kpi=kpi, finding=finding, axis=unit_words(unit), as_percent=unit == "share", phases=tuple(rows))


def _local(moment: datetime, zone: str | None) -> datetime:
    """A wall clock's time: Plotly draws it as it stands."""
    return (in_zone(moment, zone) or moment).replace(tzinfo=None)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
