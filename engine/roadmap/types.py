"""Every word of roadmaps and gates. What a document says (``plan.py``) and what was measured never share a field."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.roadmap.plan import (
    ChecklistItem,
    Claim,
    Contradiction,
    Direction,
    Evidence,
    EvidenceKind,
    Goal,
    Kpi,
    Phase,
    Risk,
    Roadmap,
    Statement,
    SubPhase,
    TimelineItem,
)

Verdict = Literal["pass", "fail", "no_data"]
Policy = Literal["point", "strict"]

__all__ = [
    "ChecklistItem",
    "Claim",
    "Contradiction",
    "Direction",
    "Evidence",
    "EvidenceKind",
    "EvidenceRun",
    "Gate",
    "Goal",
    "GoalVerdict",
    "Kpi",
    "KpiPoint",
    "Phase",
    "Policy",
    "Readiness",
    "Risk",
    "Roadmap",
    "Statement",
    "SubPhase",
    "TimelineItem",
    "Verdict",
]


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
    cases_hash: str | None = None

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
            "cases_hash": self.cases_hash,
            "started_at": self.started_at.isoformat() + "Z",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalVerdict:
    """One goal of a gate, held against what was measured.

    Attributes:
        goal: ``> 0.75``; ``direction`` and ``threshold`` are its parts.
        value, low, high: measured value and its 95 % interval; None without data, an end also when nothing bounds it.
        n: cases that the value rests on (for memory accuracy: samples).
        scored, total: cases with a score, and cases that should have one.
        reason: one sentence.
        more_cases: about how many more cases would move the interval off the goal; 0 when it is off, None when unknown.
        runs: ids of the runs read. ``command``: what gives the missing evidence, or repeats it.
        source: section and quote of the document that sets the goal.
        waiver: ``who``, ``reason``, ``expires_on``, ``given_at`` of the waiver that lets the gate take the goal as met although
            ``verdict``, which stays what was measured, is not pass; None without one.
        tick: ``who``, ``done``, ``value``, ``link``, ``note``, ``ticked_at`` of what a person said, for a KPI that a person
            confirms; None when nobody did.
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
    waiver: Mapping[str, Any] | None = None
    tick: Mapping[str, Any] | None = None

    @property
    def counted(self) -> Verdict:
        """What the gate takes it for: pass with a waiver, else the measured verdict."""
        return "pass" if self.waiver else self.verdict

    def as_json(self) -> dict[str, Any]:
        """One entry of ``goals`` in ``gate --json``."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return fields | {"suites": list(self.suites), "runs": list(self.runs)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The verdict of one phase: any goal failed is fail, else any without data is no_data, else pass.

    A goal with a waiver is taken as met. ``target`` is the system whose runs were read.
    """

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
    target: str = "pipeline"

    def count(self, verdict: Verdict) -> int:
        """Goals with that measured verdict, waived ones among them."""
        return sum(goal.verdict == verdict for goal in self.goals)

    def count_open(self, verdict: Verdict) -> int:
        """Goals with that measured verdict and no waiver."""
        return sum(goal.verdict == verdict and goal.waiver is None for goal in self.goals)

    @property
    def waived(self) -> int:
        """Goals that a waiver lets pass."""
        return sum(goal.waiver is not None for goal in self.goals)

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
            "target": self.target,
            "counts": {
                "pass": self.count("pass"),
                "fail": self.count("fail"),
                "no_data": self.count("no_data"),
                "waived": self.waived,
            },
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
    waived: int = 0
