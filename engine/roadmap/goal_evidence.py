"""One goal held against its evidence: what was measured, what a person confirmed, what is waived."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from engine.roadmap.evidence import EvidenceReader, Measured, ReadsStore
from engine.roadmap.goal_verdicts import judge_goal, judge_tick, waive_goal
from engine.roadmap.types import EvidenceRun, Goal, GoalVerdict, Kpi, Policy, Roadmap
from engine.store.decisions import DecisionStore, Tick, Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What people said that counts on the day: ticks by item, waivers by phase and KPI."""

    ticks: Mapping[str, Tick]
    waivers: Mapping[tuple[int, str], Waiver]


class Measures:
    """What is measured of each KPI, asked of the reader once: several phases, items and policies hold goals against it."""

    def __init__(self, reader: EvidenceReader) -> None:
        self.reader = reader
        self._known: dict[str, Measured] = {}

    def measure(self, kpi: Kpi) -> Measured:
        """Value, interval and counts, or the reason why there are none."""
        if kpi.id not in self._known:
            self._known[kpi.id] = self.reader.measure(kpi.evidence)
        return self._known[kpi.id]


def load_decisions(roadmap: Roadmap, store: ReadsStore, today: datetime.date | None = None) -> Decisions:
    """The ticks and waivers of a roadmap that hold on ``today``, by default today in UTC."""
    decisions = DecisionStore(store)
    day = today or datetime.datetime.now(datetime.UTC).date()
    return Decisions(ticks=decisions.load_ticks(roadmap.name), waivers=decisions.find_active_waivers(roadmap.name, day))


def judge_evidence(
    roadmap: Roadmap,
    goal: Goal,
    phase: int | None,
    measures: Measures,
    policy: Policy,
    decisions: Decisions,
) -> tuple[GoalVerdict, tuple[EvidenceRun, ...]]:
    """The verdict on a goal and the runs read; ``phase`` is None for a goal that no phase sets, which nobody can waive."""
    kpi = roadmap.kpi(goal.kpi)
    runs: tuple[EvidenceRun, ...] = ()
    if kpi.evidence.kind == "checklist":
        verdict = judge_tick(goal, kpi, decisions.ticks.get(kpi.id), policy)
    else:
        measured = measures.measure(kpi)
        verdict, runs = judge_goal(goal, kpi, measured, policy), measured.runs
    waiver = None if phase is None else decisions.waivers.get((phase, goal.kpi))
    return waive_goal(verdict, waiver), runs
