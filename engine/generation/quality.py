"""Quality control of a model's answer, without a model: grounded, citations right, on topic, complete.

The thresholds were chosen on labelled answers that groundedness was not fitted on (docs/decisions/0023). They are meant
to be wrong seldom rather than to find everything: a failed check costs another call of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from engine.generation.model import ModelAnswer
from engine.generation.topic import Embed, check_topic, list_unclear
from engine.grounding.scoring import score_each, score_faultless, score_sentences
from engine.grounding.signs import read_source
from engine.types import AnswerCheck, ContextPart

# Probability that no sentence is unsupported. RAGTruth's half that was not fitted on (n = 1,591): under it are 6.0 % of
# the supported answers and 33 % of those that people called hallucinated.
GROUNDED = 0.30
# A citation is wrong when the cited passages support the sentence with less than CITED, and all passages together do so
# with at least GAP more. RAGTruth, the same half (3,760 supported sentences): that is said of 1.1 % with the right passage
# cited, and of 70 % with one of another question. CITED alone would say it of 5.6 %.
CITED = 0.50
GAP = 0.30
# An answer of so many characters is checked in less time than threads take to hand each other the interpreter (5 ms).
QUICK_CHARACTERS = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An answer with the groundedness of its sentences, and what the checks found."""

    made: ModelAnswer
    checks: tuple[AnswerCheck, ...]

    @property
    def problems(self) -> list[str]:
        """What failed, one sentence each."""
        return [check.reason.strip() for check in self.checks if check.status == "failed"]

    @property
    def fallbacks(self) -> list[str]:
        """Checks that ran in another way than usual, or not at all, and why."""
        odd = (c for c in self.checks if c.reason and c.status in ("passed", "not run"))
        return [f"Quality control, {check.name}: {check.reason.strip()}" for check in odd]

    @property
    def support(self) -> float:
        """Mean groundedness of the sentences; 1 without any."""
        known = [s.groundedness for s in self.made.answer.sentences if s.groundedness is not None]
        return fmean(known) if known else 1.0


def prepare_passages(parts: Sequence[ContextPart]) -> None:
    """Take the passages apart, which is kept: the review of an answer over them then need not."""
    read_source(tuple(part.text for part in parts))


def is_quick(question: str, made: ModelAnswer) -> bool:
    """Whether a review takes a few milliseconds and no vectors: on an event loop it may be made at once."""
    return len(made.answer.text) <= QUICK_CHARACTERS and not list_unclear(question, made)


def review_answer(question: str, made: ModelAnswer, parts: Sequence[ContextPart], embed: Embed) -> Review:
    """Run all checks of an answer that says something."""
    sentences = [sentence.text for sentence in made.answer.sentences]
    contexts = [part.text for part in parts]
    scores = score_sentences(sentences, contexts, question)
    weighed = tuple(
        replace(sentence, groundedness=round(score, 4))
        for sentence, score in zip(made.answer.sentences, scores, strict=True)
    )
    made = replace(made, answer=replace(made.answer, sentences=weighed))
    checks = (
        _check_grounded(scores),
        _check_citations(question, made, contexts, scores),
        *check_topic(question, made, embed),
    )
    return Review(made=made, checks=checks)


def _check_grounded(scores: Sequence[float]) -> AnswerCheck:
    faultless = round(score_faultless(scores), 4)
    if faultless >= GROUNDED:
        return AnswerCheck(name="grounded", status="passed", score=faultless)
    worst = min(range(len(scores)), key=scores.__getitem__) + 1
    least = f", least of all sentence {worst} of {len(scores)}" if len(scores) > 1 else ""
    reason = f"The passages do not support what the answer says{least}."
    return AnswerCheck(name="grounded", status="failed", score=faultless, reason=reason)


def _check_citations(question: str, made: ModelAnswer, contexts: Sequence[str], scores: Sequence[float]) -> AnswerCheck:
    """Every sentence cites, every number exists, and what is cited supports the sentence.

    A sentence that no passage supports is the business of the check ``grounded``.
    """
    faults = []
    if made.invented:
        faults.append(
            "a citation names a passage that does not exist"
            if made.invented == 1
            else f"{made.invented} citations name passages that do not exist"
        )
    if made.uncited:
        faults.append(_count(made.uncited, len(scores)) + " without a source")
    citing = [i for i, places in enumerate(made.passages) if places]
    cited_scores = score_each(
        [made.answer.sentences[i].text for i in citing],
        [[contexts[place] for place in made.passages[i]] for i in citing],
        question,
    )
    wrong = sum(cited < CITED and scores[i] - cited >= GAP for i, cited in zip(citing, cited_scores, strict=True))
    if wrong:
        faults.append(_count(wrong, len(scores)) + " not supported by what is cited")
    weakest = round(min(cited_scores), 4) if cited_scores else None
    if not faults:
        return AnswerCheck(name="citations", status="passed", score=weakest)
    reason = "; ".join(faults)
    return AnswerCheck(name="citations", status="failed", score=weakest, reason=f"{reason[0].upper()}{reason[1:]}.")


def _count(some: int, of: int) -> str:
    return "the only sentence is" if some == of == 1 else f"{some} of {of} sentences are"
