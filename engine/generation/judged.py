"""A reply with what was found of it: which of two is better, what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.generation.quality import Review
from engine.generation.validators import Panel
from engine.types import Validation

if TYPE_CHECKING:
    from engine.providers.chat import ChatReply


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A reply with what was found of it; ``panel`` is None when no validator was asked."""

    reply: ChatReply
    review: Review
    panel: Panel | None

    @property
    def problems(self) -> list[str]:
        """What the model has to mend, one sentence each."""
        rejected = self.panel.objections if self.panel and self.panel.consensus == "failed" else []
        return [*self.review.problems, *rejected]

    @property
    def faults(self) -> tuple[int, float]:
        """Orders two answers to the same question: fewer faults first, then the better supported one."""
        short = 0 if not self.panel or self.panel.consensus == "passed" else 1
        return len(self.review.problems) + short, -self.review.support


def is_ungrounded(judged: Judged) -> bool:
    """Whether an answer says what the passages do not: only then is no answer better than this one."""
    return any(check.name == "grounded" and check.status == "failed" for check in judged.review.checks)


def describe_judged(judged: Judged, repair: str) -> Validation:
    """What comes with the answer; ``repair`` is what became of the try to mend it."""
    panel = judged.panel
    return Validation(
        checks=judged.review.checks,
        verdicts=panel.verdicts if panel else (),
        consensus=panel.consensus if panel else "",
        needed=panel.needed if panel else 0,
        repair=repair,
    )


def tell_faults(judged: Judged, repair: str) -> tuple[str, ...]:
    """What is wrong with the answer that is given, for its ``degraded``."""
    told = [f"Quality control: {problem}" for problem in judged.review.problems]
    if judged.panel and judged.panel.shortfall:
        told.append(judged.panel.shortfall)
    if told and repair in ("kept", "dropped"):
        told.append("One repair was tried and did not mend it.")
    return (*told, *judged.review.fallbacks)
