"""The words of a validation: its parts, what each found, and what it works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.roadmap.types import Evidence, GoalVerdict, Phase, Roadmap, Verdict
from engine.store import Store

Say = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to validate.

    Attributes:
        parts: names; empty is every part.
        fresh: run the suites and benchmarks again although there are complete current ones.
    """

    roadmap: str
    phase: int
    parts: tuple[str, ...] = ()
    fresh: bool = False
    policy: str = "point"
    validation_id: str = ""


@dataclass(slots=True, kw_only=True)
class PartState:
    """One part as it is kept and shown. ``status`` is waiting, running, finished, interrupted or failed.

    Attributes:
        required: counts in the verdict of the phase; the others only inform.
        runs: ids of the runs that it started or read, noted as soon as they begin.
        figures: what it found, by name.
        steps: sentences, one a check, each with a verdict.
        done, total, message: how far it is.
    """

    name: str
    title: str
    required: bool = True
    status: str = "waiting"
    verdict: Verdict = "no_data"
    reason: str = ""
    seconds: float = 0.0
    runs: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, str]] = field(default_factory=list)
    done: int = 0
    total: int = 0
    message: str = ""

    def as_json(self) -> dict[str, Any]:
        """Fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> PartState:
        """A part as the store kept it."""
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})

    def note(self, verdict: Verdict, text: str) -> None:
        """Add what one check found."""
        self.steps.append({"verdict": verdict, "text": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a part came to."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a part works with.

    Attributes:
        own_runs: runs that this validation started, over all of its attempts.
        keep: writes the part's state to the store, at once.
        say: how far the part is.
    """

    store: Store
    roadmap: Roadmap
    phase: Phase
    request: Request
    validation_id: str
    part: PartState
    own_runs: frozenset[str]
    keep: Callable[[], None]
    say: Say

    def evidence(self) -> list[Evidence]:
        """The evidence of the phase's goals."""
        return [self.roadmap.kpi(goal.kpi).evidence for goal in self.phase.goals]

    def suites(self) -> list[str]:
        """The suites that the phase's goals read, each once."""
        return list(dict.fromkeys(suite for evidence in self.evidence() for suite in evidence.suites))

    def check_goals(self, wanted: Callable[[Evidence], bool]) -> list[GoalVerdict]:
        """The gate's verdicts on the goals whose evidence is ``wanted``."""
        from engine.roadmap.gates import check_gate

        policy: Any = self.request.policy
        gate = check_gate(self.roadmap, self.phase.number, self.store, policy=policy)
        return [goal for goal in gate.goals if wanted(self.roadmap.kpi(goal.kpi).evidence)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part that can be called alone.

    Attributes:
        applies: why a phase does not need it; empty when it does. A part that does not apply is not run and not counted.
    """

    name: str
    title: str
    summary: str
    work: Callable[[Work], Finding]
    applies: Callable[[Roadmap, Phase], str] = lambda roadmap, phase: ""


def judge_steps(part: PartState) -> Verdict:
    """Any fail is fail, else any without data is no_data, else pass."""
    found = {step["verdict"] for step in part.steps} or {"no_data"}
    order: tuple[Verdict, ...] = ("fail", "no_data", "pass")
    return next(verdict for verdict in order if verdict in found)


def count_words(part: PartState) -> str:
    """``3 passed, 1 failed``, and the first that did not pass."""
    words = {"pass": "passed", "fail": "failed", "no_data": "without data"}
    found = [step["verdict"] for step in part.steps]
    counted = ", ".join(f"{found.count(v)} {words[v]}" for v in words if v in found)
    worst = judge_steps(part)
    first = next((step["text"] for step in part.steps if step["verdict"] == worst and worst != "pass"), "")
    return f"{counted}; {first}" if first else counted
