"""What a phase report says: one frozen object, built once, rendered in every format."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.reports.run_model import RunReport
from engine.reports.wording import count_words
from engine.roadmap.sign_offs import ReviewedSignOff
from engine.roadmap.types import Claim, EvidenceRun, Gate, GoalVerdict, KpiPoint, Phase, Roadmap, Verdict
from engine.store.decisions import Tick

NOISE = 1e-4  # of a value: what nobody would call a change


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItem:
    """An item of a checklist. ``done_in_document`` is the document's claim, ``tick`` what a person here said of it."""

    item: str
    text: str
    done_in_document: bool
    tick: Tick | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRecord:
    """A waiver of a goal of the phase. ``state`` is holds, ended, withdrawn, or outdated: the goal was changed since."""

    kpi: str
    title: str
    goal: str
    who: str
    reason: str
    given_at: datetime.datetime
    expires_on: datetime.date
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalChange:
    """A goal then and now. ``before_verdict`` is None where nothing was known then; ``before_goal`` is the goal of then."""

    goal: GoalVerdict
    before: float | None
    before_verdict: Verdict | None
    before_goal: str

    @property
    def turned(self) -> bool:
        """Whether the verdict is another one."""
        return self.before_verdict is not None and self.before_verdict != self.goal.verdict

    @property
    def gain(self) -> float | None:
        """How far the value moved in the direction that is better; None where one of both is missing."""
        if self.before is None or self.goal.value is None:
            return None
        moved = self.goal.value - self.before
        if abs(moved) <= NOISE * max(abs(self.before), abs(self.goal.value)):
            return 0.0
        return moved if self.goal.direction.startswith(">") else -moved

    @property
    def within(self) -> bool | None:
        """Whether the value of then lies in the interval of now; None without an interval."""
        goal = self.goal
        if self.before is None or (goal.low, goal.high) == (None, None):
            return None
        return (goal.low is None or goal.low <= self.before) and (goal.high is None or self.before <= goal.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is different since a moment: a sign-off, the end of the phase before, the runs before.

    Attributes:
        since: the moment in words.
        runs: evidence runs that began after it.
        edits: entries of the audit trail since then: what was done, to what, the change, by whom, when, why.
        evidence: what a signature's evidence and that of now differ in, in sentences.
    """

    since: str
    moment: datetime.datetime
    goals: tuple[GoalChange, ...]
    runs: tuple[EvidenceRun, ...] = ()
    edits: tuple[Mapping[str, Any], ...] = ()
    evidence: tuple[str, ...] = ()


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
    checklist: tuple[CheckItem, ...]
    trends: tuple[KpiTrend, ...]
    runs: tuple[RunReport, ...]
    sign_offs: tuple[ReviewedSignOff, ...]
    evidence_hash: str
    waivers: tuple[WaiverRecord, ...]
    changes: tuple[Changes, ...]
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
        """Goals without data that nobody has waived."""
        return tuple(goal for goal in self.goals if goal.verdict == "no_data" and goal.waiver is None)

    @property
    def file_stem(self) -> str:
        """``narrative-agent-phase-2``; a roadmap of one's own may have any name, so only what every file system takes."""
        name = re.sub(r"[^\w-]+", "-", self.roadmap.name).strip("-") or "roadmap"
        return f"{name}-phase-{self.phase.number}"
