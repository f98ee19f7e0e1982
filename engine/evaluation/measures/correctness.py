"""Right or wrong: a gold answer stands in the answer, after SQuAD's normalisation.

Normalisation: Rajpurkar et al. 2016, evaluate-v2.0.py (lower case, no punctuation, no articles, single spaces), after
NFKC and with typographic quotes and dashes read as ASCII.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence

from engine.evaluation.measures.measure import Measure, Sample, Score, needs_question

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_TYPOGRAPHY = str.maketrans(
    {**dict.fromkeys("‘’‚‛", "'"), **dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys("‐‑‒–—―−", "-")}
)
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise_answer(text: str) -> str:
    """Lower case, without punctuation and articles, single spaces."""
    text = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY).lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", text).split())


def holds_answer(answer: str, gold: str) -> bool:
    """Whether the normalised gold stands in the normalised answer, on word boundaries.

    A gold answer of nothing but punctuation or articles is looked for as it is.
    """
    wanted = normalise_answer(gold)
    if not wanted:
        return gold.strip().lower() in answer.lower()
    return f" {wanted} " in f" {normalise_answer(answer)} "


def is_correct(text: str, abstained: bool, answers: Sequence[str], facts: Sequence[str], unanswerable: bool) -> bool:
    """Any of ``answers`` and all of ``facts``; for an unanswerable question: abstained."""
    if unanswerable or abstained:
        return unanswerable and abstained
    return (not answers or any(holds_answer(text, gold) for gold in answers)) and all(
        holds_answer(text, fact) for fact in facts
    )


def _needs_expectation(sample: Sample) -> str:
    return needs_question(sample) or ("" if sample.scorable else "the case has neither answers nor facts")


def _score_correct(sample: Sample) -> Score:
    assert sample.answer is not None
    right = is_correct(sample.answer.text, sample.answer.abstained, sample.answers, sample.facts, sample.unanswerable)
    return Score.of(right, "" if right else _explain(sample))


def _explain(sample: Sample) -> str:
    assert sample.answer is not None
    if sample.unanswerable:
        return "answered a question that the documents do not answer"
    if sample.answer.abstained:
        return "abstained from a question that the documents answer"
    missing = [fact for fact in sample.facts if not holds_answer(sample.answer.text, fact)]
    return f"lacks {len(missing)} of {len(sample.facts)} facts" if missing else "holds none of the gold answers"


def _score_abstained(sample: Sample) -> Score:
    assert sample.answer is not None
    return Score.of(sample.answer.abstained == sample.unanswerable)


MEASURES = (
    Measure(
        name="correct",
        description="1 when a gold answer (and every fact) stands in the answer; for an unanswerable question, when "
        "the engine abstained. Compared without case, punctuation and articles.",
        applies=_needs_expectation,
        score=_score_correct,
    ),
    Measure(
        name="abstained_correctly",
        description="1 when the engine abstained from an unanswerable question or answered an answerable one.",
        applies=_needs_expectation,
        score=_score_abstained,
    ),
)
