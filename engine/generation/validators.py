"""Cross-validation of answers: one to six judgements by a model, each of one aspect, asked for at the same time.

A validator answers with one JSON object. Whatever else it says is no verdict: that validator abstains, and is shown as
abstaining. An answer passes when enough of those that were *asked* pass it; where the abstentions could turn the result,
there is no consensus, which is not a pass.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import ProviderError
from engine.generation.messages import build_validation
from engine.generation.prompts import PromptTemplate
from engine.types import AnswerCheck, ContextPart, Verdict

if TYPE_CHECKING:
    from engine.providers.chain import ModelChain
    from engine.providers.chat import ChatReply

PARALLEL = 8
# Aspects in the order in which the setting ``validators`` takes them, and what a validator of each is told.
ASPECTS = {
    "grounded": "every statement of the answer is supported by the passages, and nothing was added.",
    "relevant": "the answer answers this question and no other one.",
    "complete": "the answer says all that the passages know of what the question asks.",
    "contradictions": "the answer contradicts neither the passages nor itself, in numbers, names, dates and negations.",
    "citations": "the numbers in square brackets behind each sentence are those of passages that support the sentence.",
    "tone": "the answer is plain and factual: it neither flatters, promises nor warns beyond the passages.",
}
# The check of quality control that looks at the same aspect without a model.
CHECK_OF = {"grounded": "grounded", "relevant": "on topic", "complete": "complete", "citations": "citations"}
REASON_CHARACTERS = 300
_FENCE = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL)


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    verdict: Literal["pass", "fail"]
    reason: str = Field(default="", max_length=5_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An answer that is to be judged. ``text`` has the numbers of its passages behind each sentence.

    ``checks``: what quality control found; said beside a validator that gave no verdict.
    """

    question: str
    parts: Sequence[ContextPart]
    text: str
    checks: Sequence[AnswerCheck] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The verdicts on one answer, what they come to (``passed``, ``failed``, ``none``), and what they cost."""

    verdicts: tuple[Verdict, ...]
    consensus: str
    needed: int
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0

    @property
    def objections(self) -> list[str]:
        """What the rejecting validators say, for the model that has to mend its answer."""
        return [f"{v.aspect}: {v.reason or ASPECTS[v.aspect]}" for v in self.verdicts if v.passed is False]

    @property
    def shortfall(self) -> str:
        """Why the answer did not pass; empty when it did. Names aspects alone: a reason may quote the passages."""
        given = [v for v in self.verdicts if v.passed is not None]
        if self.consensus == "failed":
            against = ", ".join(v.aspect for v in given if not v.passed)
            return f"{len(self.objections)} of {len(self.verdicts)} validators reject the answer: {against}."
        if self.consensus == "none":
            return (
                f"No consensus could be reached: {len(given)} of {len(self.verdicts)} validators gave a verdict, "
                f"{sum(bool(v.passed) for v in given)} of them a pass; {self.needed} have to agree."
            )
        return ""


async def validate_answers(
    chain: ModelChain,
    template: PromptTemplate,
    submissions: Sequence[Submission],
    validators: int,
    consensus: float,
    *,
    parallel: int = PARALLEL,
) -> list[Panel]:
    """Judge many answers by the same validators, all calls in one batch.

    Args:
        validators: how many aspects are judged, 1 to 6, in the order of ``ASPECTS``.
        consensus: share of the validators that must agree.
        parallel: calls in flight at once.

    Returns:
        a panel for each submission, in their order. A call that fails is an abstention, never an error.
    """
    from engine.providers.chain import ChatRequest

    aspects = list(ASPECTS)[:validators]
    requests = [
        ChatRequest(
            messages=tuple(build_validation(template, s.question, s.parts, s.text, ASPECTS[aspect])),
            temperature=0.0,
            max_tokens=None,
            purpose="validate",
        )
        for s in submissions
        for aspect in aspects
    ]
    replies = await chain.complete_many(requests, parallel=parallel)
    panels = []
    for i, submission in enumerate(submissions):
        own = replies[i * len(aspects) : (i + 1) * len(aspects)]
        verdicts = [read_verdict(a, r, submission.checks) for a, r in zip(aspects, own, strict=True)]
        answered = [reply for reply in own if not isinstance(reply, ProviderError)]
        state, needed = decide_consensus([verdict.passed for verdict in verdicts], consensus)
        panels.append(
            Panel(
                verdicts=tuple(verdicts),
                consensus=state,
                needed=needed,
                prompt_tokens=sum(reply.prompt_tokens for reply in answered),
                completion_tokens=sum(reply.completion_tokens for reply in answered),
                cost_usd=sum(reply.cost_usd for reply in answered),
            )
        )
    return panels


def read_verdict(aspect: str, reply: ChatReply | ProviderError, checks: Sequence[AnswerCheck] = ()) -> Verdict:
    """A validator's reply as its verdict; an abstention with its reason when it is none."""
    if isinstance(reply, ProviderError):
        return Verdict(aspect=aspect, passed=None, reason=reply.message + _tell_check(aspect, checks))
    fenced = _FENCE.match(reply.text)
    try:
        read = _Reply.model_validate_json(fenced[1] if fenced else reply.text)
    except ValidationError:
        reason = "The reply was not the JSON object that was asked for." + _tell_check(aspect, checks)
        return Verdict(aspect=aspect, passed=None, reason=reason, provider=reply.model)
    reason = " ".join(read.reason.split())[:REASON_CHARACTERS]
    return Verdict(aspect=aspect, passed=read.verdict == "pass", reason=reason, provider=reply.model)


def decide_consensus(passed: Sequence[bool | None], consensus: float) -> tuple[str, int]:
    """``passed``, ``failed`` or ``none``, and how many have to agree.

    ``failed`` is certain: the answer would not pass if every abstaining validator passed it. With a threshold of 0 one
    pass is needed all the same.
    """
    needed = max(1, math.ceil(consensus * len(passed) - 1e-9))
    agreed = sum(verdict is True for verdict in passed)
    possible = sum(verdict is not False for verdict in passed)
    return ("passed" if agreed >= needed else "failed" if possible < needed else "none"), needed


def _tell_check(aspect: str, checks: Sequence[AnswerCheck]) -> str:
    found = next((check for check in checks if check.name == CHECK_OF.get(aspect)), None)
    return f" Quality control, without a model, says: {found.status}." if found else ""
