"""How sure the team is, week by week: what people say, what the plan asks for, and the share of goals that were met."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import InputError
from engine.roadmap.entries import check_name, check_text, find_today
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.gates import check_roadmap, kpi_history
from engine.roadmap.types import GoalVerdict, KpiPoint, Roadmap
from engine.store import AuditTrail, DecisionStore, Store
from engine.store.decisions import ConfidenceWeek

WEEK = datetime.timedelta(days=7)
MOST_WEEKS = 26
NEAR = datetime.timedelta(weeks=8)  # entries this far from the plan's dates are still read by its dates


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOfConfidence:
    """One week.

    Attributes:
        number: week of the plan, counted as ``Confidence.basis`` says; None before the plan begins.
        stated: what a person said; ``who`` and ``note`` with it.
        planned: what the plan asks for after this week.
        met, goals: goals of the whole roadmap that the evidence of that week met, of all.
    """

    monday: datetime.date
    number: int | None
    label: str
    stated: float | None
    who: str
    note: str
    planned: float | None
    met: int | None
    goals: int

    @property
    def computed(self) -> float | None:
        """Share of goals met; None in a week that has not begun."""
        return None if self.met is None or not self.goals else self.met / self.goals

    def as_json(self) -> dict[str, Any]:
        """One entry of ``weeks``."""
        return {
            "week": self.monday.isoformat(),
            "number": self.number,
            "label": self.label or None,
            "stated": self.stated,
            "who": self.who or None,
            "note": self.note or None,
            "planned": self.planned,
            "goals_met": self.met,
            "goals": self.goals,
            "computed": self.computed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """Weeks, oldest first. ``dated``: whether the plan's weeks stand at the plan's own dates; ``basis`` says it in words."""

    weeks: tuple[WeekOfConfidence, ...]
    dated: bool
    basis: str

    def as_json(self) -> dict[str, Any]:
        """What ``readiness --json`` prints under ``confidence``."""
        return {"basis": self.basis, "dated": self.dated, "weeks": [week.as_json() for week in self.weeks]}


def state_confidence(
    store: Store, roadmap: Roadmap, *, week: datetime.date, value: float, note: str = "", who: str
) -> ConfidenceWeek:
    """Say how sure the team is in the week of ``week``, in place of what was said before.

    Raises:
        InputError: nobody is named, the value is no share from 0 to 1, or the week has not begun.
    """
    name, text = check_name(who), check_text(note, "The note")
    if not math.isfinite(value) or not 0 <= value <= 1:
        raise InputError(f"Confidence is a share from 0 to 1; found {value:g}.", "Give 0.92 for 92 %.")
    monday = find_monday(week)
    if monday > find_today():
        raise InputError(
            f"The week of {monday} has not begun; nobody can be sure of it yet.", "Give this week or an earlier one."
        )
    decisions = DecisionStore(store)
    before = next((row for row in decisions.list_confidence(roadmap.name) if row.week == monday), None)
    decisions.save_confidence(roadmap.name, monday, value, note=text, who=name)
    AuditTrail(store).record_entry(
        name,
        "confidence stated",
        f"{roadmap.name}/confidence/{monday}",
        before=None if before is None else {"value": before.value, "note": before.note},
        after={"value": value, "note": text},
        reason=text,
    )
    return next(row for row in decisions.list_confidence(roadmap.name) if row.week == monday)


def find_monday(day: datetime.date) -> datetime.date:
    """The first day of its week."""
    return day - datetime.timedelta(days=day.weekday())


def load_confidence(roadmap: Roadmap, store: Store, *, today: datetime.date | None = None) -> Confidence:
    """Every week with an entry, a measured value or a planned figure.

    The computed share counts the goals of all phases: a KPI of runs as the newest complete runs of that week read it, what a
    person confirmed from the day of the tick, benchmarks and the score in the present week alone.
    """
    day = today or find_today()
    stated = {row.week: row for row in DecisionStore(store).list_confidence(roadmap.name)}
    reader = EvidenceReader(store, target=roadmap.target)
    history = kpi_history(roadmap, store, reader=reader)
    now = find_monday(day)
    known = [*stated, *(find_monday(point.started_at.date()) for point in history)]
    first, dated, basis = _place_plan(roadmap, list(stated), now)
    mondays = {now, *known, *(first + WEEK * i for i in range(len(roadmap.confidence)))} if first else {now, *known}
    goals = [goal for gate in check_roadmap(roadmap, store, today=day, reader=reader).gates for goal in gate.goals]
    planned = {find_monday(first + WEEK * i): week for i, week in enumerate(roadmap.confidence)} if first else {}
    weeks = []
    for monday in sorted(mondays)[-MOST_WEEKS:]:
        row, plan = stated.get(monday), planned.get(monday)
        weeks.append(
            WeekOfConfidence(
                monday=monday,
                number=(monday - first).days // 7 + 1 if first and monday >= first else None,
                label=plan.label if plan else "",
                stated=row.value if row else None,
                who=row.who if row else "",
                note=row.note if row else "",
                planned=plan.planned if plan else None,
                met=None if monday > now else _count_met(roadmap, goals, history, monday, now),
                goals=len(goals),
            )
        )
    return Confidence(weeks=tuple(weeks), dated=dated, basis=basis)


def _place_plan(
    roadmap: Roadmap, stated: Sequence[datetime.date], now: datetime.date
) -> tuple[datetime.date | None, bool, str]:
    """Monday of the plan's first week: by its dates where entries are near them, else the first week with an entry."""
    plan = roadmap.confidence
    if not plan:
        return None, False, "The document plans no confidence by week."
    dated = next((week for week in plan if week.start), None)
    if dated is not None and dated.start is not None:
        first = find_monday(dated.start) - WEEK * (dated.week - 1)
        last = first + WEEK * len(plan)
        if any(first - NEAR <= week <= last + NEAR for week in [*stated, now]):
            return first, True, "The plan's weeks stand at the dates of the document."
    first = min(stated, default=now)
    why = "the dates of the document are long past" if dated else "the document gives no dates"
    what = "the first week with an entry" if stated else "this week"
    return first, False, f"Week 1 of the plan is {what}, since {why}."


def _count_met(
    roadmap: Roadmap,
    goals: Sequence[GoalVerdict],
    history: Sequence[KpiPoint],
    monday: datetime.date,
    now: datetime.date,
) -> int:
    end = monday + WEEK
    newest = {point.kpi: point for point in history if point.started_at.date() < end}
    met = 0
    for goal in goals:
        kind = roadmap.kpi(goal.kpi).evidence.kind
        if monday == now:
            met += goal.verdict == "pass"
        elif kind == "run":
            point = newest.get(goal.kpi)
            met += point is not None and _is_met(goal, point.value)
        elif goal.tick:
            met += goal.verdict == "pass" and goal.tick["ticked_at"][:10] < end.isoformat()
    return met


def _is_met(goal: GoalVerdict, value: float) -> bool:
    from engine.roadmap.plan import Goal

    held = Goal(kpi=goal.kpi, direction=goal.direction, value=goal.threshold, text="", source="")
    return held.is_met_by(value)
