"""The words of a roadmap: what a document says and what is to be measured. All frozen."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

from engine.roadmap.readiness_plan import MaturityPlan, PlannedConfidence, PreviousValue, ReadinessPlan

Direction = Literal[">", ">=", "<", "<="]
EvidenceKind = Literal["run", "bench", "audit", "checklist", "readiness", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where the value of a KPI comes from.

    Attributes:
        kind: ``run`` reads finished runs of ``suites``; ``bench`` the newest benchmark of this machine; ``audit`` the newest
            configuration audit; ``checklist`` waits for a person; ``readiness`` is the roadmap's own score; ``none`` cannot be had yet.
        suites: names of the suites whose cases are pooled.
        measure: a figure of ``engine.roadmap.evidence.FIGURES`` or a measure of the scores table.
        kinds: case kinds that count; empty means all.
        baseline: what an improvement is relative to, in the unit of the figure.
        reason: why there is no evidence yet (``none``, ``checklist``), or what to know of the measured value (``run``).
        bench, figure: name of the benchmark, and where its figure stands, such as ``warm.p95_ms``.
        command: the command that gives the evidence; empty when a person has to act.
    """

    kind: EvidenceKind
    suites: tuple[str, ...] = ()
    measure: str = ""
    kinds: tuple[str, ...] = ()
    baseline: float | None = None
    reason: str = ""
    command: str = ""
    bench: str = ""
    figure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """What is measured.

    ``unit`` is ``share`` (0 to 1, shown in per cent), ``score``, ``ms``, ``MB``, ``x``, ``count``, ``done``,
    ``points`` or ``lines``.
    """

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
    """Something a person confirms.

    ``done_in_document``: whether the document ticks it; ``group``: its heading there; ``kpi``: what measures the same thing.
    """

    id: str
    text: str
    done_in_document: bool
    source: str
    group: str = ""
    kpi: str = ""


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
    """A risk as the document sees it, and who takes care of it; an empty field means that nobody says."""

    title: str
    owner: str
    likelihood: str
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

    ``claims`` and ``checklist`` hold what the document says of the whole system rather than of one phase. ``target`` is
    the system that the gates judge: they read runs of it alone.
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
    target: str = "pipeline"
    readiness: ReadinessPlan | None = None
    maturity: MaturityPlan | None = None
    previous: tuple[PreviousValue, ...] = ()
    confidence: tuple[PlannedConfidence, ...] = ()

    def kpi(self, kpi_id: str) -> Kpi:
        """The KPI of that id; a loaded roadmap has one for each goal.

        Raises:
            KeyError: no such KPI.
        """
        for kpi in self.kpis:
            if kpi.id == kpi_id:
                return kpi
        raise KeyError(kpi_id)
