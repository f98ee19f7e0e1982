"""What a measure is: it looks at one sample and gives a score, which may say that it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from engine.types import Answer, Span

Status = Literal["scored", "failed", "not_applicable", "unjudged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A measure of one case. ``value`` is None unless ``status`` is scored; then ``reason`` says why.

    Attributes:
        judge: name of the model judge that gave it; empty for a measure that needs no model.
        prompt_hash: of the judge's prompts (their instructions, not the case's texts).
        repeats: the value of each repetition of the judgement; ``value`` is their mean.
        cost_usd: what the judge's calls cost; None when none was made or no price is known.
    """

    status: Status
    value: float | None = None
    reason: str = ""
    judge: str = ""
    prompt_hash: str = ""
    repeats: tuple[float, ...] = ()
    cost_usd: float | None = None

    @classmethod
    def of(cls, value: float, reason: str = "") -> Score:
        """A scored value."""
        return cls(status="scored", value=float(value), reason=reason)

    @classmethod
    def not_applicable(cls, reason: str) -> Score:
        """The case has nothing that this measure could judge."""
        return cls(status="not_applicable", reason=reason)

    @classmethod
    def failed(cls, reason: str) -> Score:
        """The measure should have judged the case and could not."""
        return cls(status="failed", reason=reason)

    @classmethod
    def unjudged(cls, reason: str) -> Score:
        """The measure needs a judge, and none was asked yet."""
        return cls(status="unjudged", reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One question with what was expected and what came: all that a measure sees.

    Attributes:
        relevant: gold spans; a span without end is a whole document.
        answer: None when the target raised, or was not asked (content cases).
        documents: texts by document id where they are at hand; token measures and whole-document spans need them.
        content_type, detected_type: expected and detected type of a content case.
    """

    question: str = ""
    answers: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    relevant: tuple[Span, ...] = ()
    unanswerable: bool = False
    answer: Answer | None = None
    documents: Mapping[str, str] | None = None
    content_type: str = ""
    detected_type: str = ""

    @property
    def scorable(self) -> bool:
        """Whether an answer can be right or wrong."""
        return self.unanswerable or bool(self.answers or self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure; ``name`` is its printed form and its id. Values lie in [0, 1] and higher is better.

    Attributes:
        description: what it is and how it is computed, in a sentence or two, for a tooltip.
        applies: looks at what was expected only; a reason when the measure has nothing to judge, else "".
        score: judges a sample that it applies to and that has an answer.
    """

    name: str
    description: str
    applies: Callable[[Sample], str]
    score: Callable[[Sample], Score]
    low: float = 0.0
    high: float = 1.0
    higher_is_better: bool = True

    def judge(self, sample: Sample, error: str = "") -> Score:
        """Score of a sample; a target's error fails every measure that applies."""
        if reason := self.applies(sample):
            return Score.not_applicable(reason)
        if error:
            return Score.failed(f"the target failed: {error}")
        return self.score(sample)


def combine_scores(scores: Iterable[Score]) -> Score:
    """A conversation's score: the mean over the turns that could be judged; one failed turn fails it."""
    scores = list(scores)
    if len(scores) == 1:
        return scores[0]
    failed = next((s for s in scores if s.status == "failed"), None)
    if failed:
        return failed
    values = [s.value for s in scores if s.value is not None]
    if not values:
        return scores[0] if scores else Score.not_applicable("the case asks nothing")
    return Score.of(fmean(values), f"mean of {len(values)} of {len(scores)} turns")


def score_gap(sample: Sample, *names: str) -> Score | None:
    """The score of a measure that looks at what the target left out, None when all of it came."""
    gap = next((sample.answer.gaps[n] for n in names if sample.answer and n in sample.answer.gaps), None)
    if gap is None:
        return None
    return Score.failed(gap.reason) if gap.fails else Score.not_applicable(gap.reason)


def needs_question(sample: Sample) -> str:
    """Applies to cases that ask something."""
    return "" if sample.question else "the case asks no question"


def needs_gold(sample: Sample) -> str:
    """Applies to questions with gold spans."""
    return needs_question(sample) or ("" if sample.relevant else "the case has no gold spans")
