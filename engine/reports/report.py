"""What a phase report says: one frozen object, built once, rendered in every format."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.reports.wording import count_words
from engine.roadmap.types import ChecklistItem, Claim, Gate, GoalVerdict, KpiPoint, Phase, Roadmap


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A rate or a mean with its 95 % interval. ``n`` values of ``total`` possible ones; ``value`` None without any."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCount:
    """Cases of a run that carry a tag, by how they ended."""

    tag: str
    passed: int
    failed: int
    errors: int
    unscored: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.passed + self.failed + self.errors + self.unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingCase:
    """One case that failed or broke. ``why``: the checks it failed, or the error's message."""

    case_id: str
    status: str
    question: str
    answer: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """``counts[i]`` values lie in [``edges[i]``, ``edges[i + 1]``), ``beyond`` above the last edge."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    beyond: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One evidence run. ``latency_ms`` has p50, p95, p99; ``failing`` is a sample of ``failing_total`` cases."""

    run_id: str
    suite: str
    suite_hash: str
    target: str
    preset: str
    status: str
    started_at: datetime.datetime | None
    seconds: float | None
    cases: int
    passed: int
    failed: int
    errors: int
    unscored: int
    success_rate: Estimate
    context_quality: Estimate
    latency_ms: Mapping[str, float | None]
    latencies: Histogram | None
    memory: Mapping[str, Any]
    measures: Mapping[str, Estimate]
    tags: tuple[TagCount, ...]
    failing: tuple[FailingCase, ...]
    failing_total: int
    settings: Mapping[str, Any]
    provenance: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiTrend:
    """A KPI over the runs that gave it, oldest first, with the goal of this phase."""

    goal: GoalVerdict
    points: tuple[KpiPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseReport:
    """A phase held against its goals. ``claims`` are figures that the document states; nobody here measured them."""

    roadmap: Roadmap
    phase: Phase
    gate: Gate
    claims: tuple[Claim, ...]
    checklist: tuple[ChecklistItem, ...]
    trends: tuple[KpiTrend, ...]
    runs: tuple[RunReport, ...]
    generated_at: datetime.datetime

    @property
    def goals(self) -> tuple[GoalVerdict, ...]:
        """The gate's goals, in the roadmap's order."""
        return self.gate.goals

    @property
    def title(self) -> str:
        """``Narrative agent · Phase 2, performance``."""
        return f"{self.roadmap.title} · {self.phase_name}"

    @property
    def phase_name(self) -> str:
        """The document's label and title of the phase, without saying the same thing twice."""
        label, title = self.phase.label or f"Phase {self.phase.number}", self.phase.title
        return title if title.lower().startswith(label.lower()) else f"{label}, {title}" if title else label

    @property
    def counts_words(self) -> str:
        """``3 of 7 goals met, 1 missed, 2 without data, 1 waived``; each goal is counted once."""
        met, missed, missing = (self.gate.count_open(verdict) for verdict in ("pass", "fail", "no_data"))
        parts = [f"{met} of {count_words(len(self.goals), 'goal')} met"]
        parts += [f"{missed} missed"] if missed else []
        parts += [f"{missing} without data"] if missing else []
        parts += [f"{self.gate.waived} waived"] if self.gate.waived else []
        return ", ".join(parts)

    @property
    def headline(self) -> str:
        """One sentence that answers: is the phase done?"""
        words = {
            "pass": "Ready: every goal of the phase is met" + (" or waived" if self.gate.waived else ""),
            "fail": "Not ready: at least one goal is missed",
            "no_data": "Not decided: evidence is missing",
        }
        return f"{words[self.gate.verdict]} ({self.counts_words})."

    @property
    def missing(self) -> tuple[GoalVerdict, ...]:
        """Goals without data."""
        return tuple(goal for goal in self.goals if goal.verdict == "no_data")

    @property
    def file_stem(self) -> str:
        """``narrative-agent-phase-2``; a roadmap of one's own may have any name, so only what every file system takes."""
        name = re.sub(r"[^\w-]+", "-", self.roadmap.name).strip("-") or "roadmap"
        return f"{name}-phase-{self.phase.number}"
