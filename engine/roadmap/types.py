"""The words of a roadmap and of its gates. All frozen. What a document says and what was measured never share a field."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Literal

Direction = Literal[">", ">=", "<", "<="]
Verdict = Literal["pass", "fail", "no_data"]
Policy = Literal["point", "strict"]
EvidenceKind = Literal["run", "checklist", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where the value of a KPI comes from.

    Attributes:
        kind: ``run`` reads finished runs of ``suites``; ``checklist`` waits for a person; ``none`` cannot be had yet.
        suites: names of the suites whose cases are pooled.
        measure: a figure of ``engine.roadmap.evidence.FIGURES`` or a measure of the scores table.
        kinds: case kinds that count; empty means all.
        baseline: what an improvement is relative to, in the unit of the figure.
        reason: why there is no evidence yet (``none``, ``checklist``), or how the document's words were read (``run``).
        command: the command that gives the evidence; empty when a person has to act.
    """

    kind: EvidenceKind
    suites: tuple[str, ...] = ()
    measure: str = ""
    kinds: tuple[str, ...] = ()
    baseline: float | None = None
    reason: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """What is measured. ``unit``: ``share`` (0 to 1, shown in per cent), ``ms``, ``MB``, ``x``, ``count``, ``done``..."""

    id: str
    title: str
    unit: str
    higher_is_better: bool
    description: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A threshold with a direction, once per KPI and phase. ``text`` is the wording of the document."""

    kpi: str
    direction: Direction
    value: float
    text: str
    source: str

    def is_met_by(self, value: float) -> bool:
        """Whether ``value`` meets the goal."""
        match self.direction:
            case ">":
                return value > self.value
            case ">=":
                return value >= self.value
            case "<":
                return value < self.value
            case _:
                return value <= self.value

    @property
    def label(self) -> str:
        """``> 0.75``."""
        return f"{self.direction} {self.value:.10g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A figure that the document states, a result or a baseline. Nobody here measured it. ``kpi`` may be empty."""

    kpi: str
    title: str
    value: float | None
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """Something a person confirms. ``done_in_document``: whether the document ticks it."""

    id: str
    text: str
    done_in_document: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubPhase:
    """A part of a phase: its tasks, its duration as written, and the result the document claims for it (or empty)."""

    number: str
    title: str
    duration: str
    tasks: tuple[str, ...]
    claimed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase. ``number`` counts from 1; ``label`` is the document's own name (``Week 2-3``, ``P1``, ``Phase 4``).

    Attributes:
        duration: as written.
        start, end: exact dates of the document (both days included), or None where it gives none.
        status_claimed: what the document says of the phase's state, or empty.
        goal_text: the phase's aim in the document's words, translated.
    """

    number: int
    label: str
    title: str
    priority: str
    duration: str
    start: datetime.date | None
    end: datetime.date | None
    status_claimed: str
    goal_text: str
    goals: tuple[Goal, ...]
    claims: tuple[Claim, ...]
    checklist: tuple[ChecklistItem, ...]
    sub_phases: tuple[SubPhase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One side of a contradiction: what the document says, and where."""

    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Where the document disagrees with itself; ``resolution`` says which statement became the goal, and why."""

    topic: str
    statements: tuple[Statement, ...]
    resolution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A risk as the document sees it; an empty field means that it says nothing there."""

    title: str
    impact: str
    mitigation: str
    fallback: str
    contingency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineItem:
    """One bar of the time line.

    Attributes:
        phase: number of the phase it belongs to.
        start, end: dates of the document, both days included, or None.
        duration: as written.
        day, days: where the bar begins and how long it is, in days from the plan's start, so that a plan without dates
            can be drawn; the longest duration where the document gives a range; None where it gives no clue.
    """

    phase: int
    title: str
    start: datetime.date | None
    end: datetime.date | None
    duration: str
    day: float | None = None
    days: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roadmap:
    """One roadmap file. ``document`` names the source document, ``date`` is as written there.

    ``claims`` and ``checklist`` hold what the document says of the whole system rather than of one phase.
    """

    name: str
    title: str
    document: str
    date: str
    summary: str
    baselines: tuple[Claim, ...]
    claims: tuple[Claim, ...]
    kpis: tuple[Kpi, ...]
    phases: tuple[Phase, ...]
    checklist: tuple[ChecklistItem, ...]
    contradictions: tuple[Contradiction, ...]
    risks: tuple[Risk, ...]
    timeline: tuple[TimelineItem, ...]

    def kpi(self, kpi_id: str) -> Kpi:
        """The KPI of that id; a loaded roadmap has one for each goal.

        Raises:
            KeyError: no such KPI.
        """
        for kpi in self.kpis:
            if kpi.id == kpi_id:
                return kpi
        raise KeyError(kpi_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRun:
    """A run that a gate read."""

    run_id: str
    suite: str
    suite_path: str
    suite_hash: str
    target: str
    status: str
    cases: int
    suite_cases: int
    started_at: datetime.datetime

    def as_json(self) -> dict[str, Any]:
        """Fields as in the ``runs`` table; the time in UTC, ISO 8601."""
        return {
            "run_id": self.run_id,
            "suite": self.suite,
            "suite_path": self.suite_path,
            "suite_hash": self.suite_hash,
            "target": self.target,
            "status": self.status,
            "cases": self.cases,
            "suite_cases": self.suite_cases,
            "started_at": self.started_at.isoformat() + "Z",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalVerdict:
    """One goal of a gate, held against what was measured.

    Attributes:
        goal: ``> 0.75``; ``direction`` and ``threshold`` are its parts.
        value, low, high: measured value and its 95 % interval; None without data, an end None when it cannot be bounded.
        n: cases that the value rests on (for memory accuracy: samples).
        scored, total: cases with a score, and cases that should have one.
        reason: one sentence.
        more_cases: about how many more cases would move the interval off the goal; 0 when it is off, None when unknown.
        runs: ids of the runs read. ``command``: what gives the missing evidence, or repeats it.
        source: section and quote of the document that sets the goal.
    """

    kpi: str
    title: str
    goal: str
    direction: Direction
    threshold: float
    unit: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    scored: int
    total: int
    verdict: Verdict
    reason: str
    more_cases: int | None
    suites: tuple[str, ...]
    runs: tuple[str, ...]
    source: str
    command: str

    def as_json(self) -> dict[str, Any]:
        """One entry of ``goals`` in ``gate --json``."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return fields | {"suites": list(self.suites), "runs": list(self.runs)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The verdict of one phase: any goal failed is fail, else any without data is no_data, else pass."""

    roadmap: str
    roadmap_title: str
    phase: int
    phase_label: str
    phase_title: str
    policy: Policy
    verdict: Verdict
    checked_at: datetime.datetime
    goals: tuple[GoalVerdict, ...]
    runs: tuple[EvidenceRun, ...]
    run_id: str | None = None

    def count(self, verdict: Verdict) -> int:
        """Goals with that verdict."""
        return sum(goal.verdict == verdict for goal in self.goals)

    def as_json(self) -> dict[str, Any]:
        """The object that ``gate --json`` prints."""
        return {
            "roadmap": self.roadmap,
            "roadmap_title": self.roadmap_title,
            "phase": self.phase,
            "phase_label": self.phase_label,
            "phase_title": self.phase_title,
            "policy": self.policy,
            "verdict": self.verdict,
            "checked_at": self.checked_at.isoformat(timespec="seconds") + "Z",
            "run": self.run_id,
            "counts": {"pass": self.count("pass"), "fail": self.count("fail"), "no_data": self.count("no_data")},
            "goals": [goal.as_json() for goal in self.goals],
            "runs": [run.as_json() for run in self.runs],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiPoint:
    """One point of a KPI's trend: what the gate would have read right after ``run_id`` ended."""

    kpi: str
    run_id: str
    suite: str
    started_at: datetime.datetime
    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """A whole roadmap at once: every phase's gate, the phase to work on (None when all pass), goals by verdict."""

    roadmap: Roadmap
    gates: tuple[Gate, ...]
    current: Phase | None
    passed: int
    failed: int
    no_data: int
