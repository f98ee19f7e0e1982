"""Whether an answer is about its question, and about each thing that the question asks.

An answer that shares a third of the question's words is about it; else a vector of the answer, or of one of its sentences,
has to be near the question's. Where the bundled model, with which the threshold was measured, cannot be asked, shared
words decide, and the check says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from engine.errors import PhasegateError
from engine.generation.model import ModelAnswer
from engine.grounding.words import parse
from engine.types import AnswerCheck

Embed = Callable[[Sequence[str]], np.ndarray]
# Cosine between question and answer, or its best sentence. RAGTruth: under it are 0.6 % of the answers (n = 500) and 90 %
# of answers to another question; CLAPNQ: 0.6 % (n = 154) and 95 %.
ON_TOPIC = 0.20
# Without vectors: no shared content word at all. RAGTruth: 0.8 % and 90 %; CLAPNQ: 5.8 % and 95 %.
LEAST_SHARED = 1e-9
# An answer that holds a third of the question's content words is about it, and its vectors need not be asked. So do 98.6 %
# of RAGTruth's answers and 75 % of CLAPNQ's, and 1.2 % and 1.3 % of answers to another question.
CLEARLY_SHARED = 0.34
FEWEST_WORDS = 4
_ASKS = re.compile(
    r"\?\s+|,?\s+and\s+(?=(?:what|who|whom|whose|when|where|which|why|how|is|are|was|were|do|does|did|can|must|may|should|will)\b)",
    re.IGNORECASE,
)


def reuse_vector(text: str, vector: np.ndarray | None, embed: Embed) -> Embed:
    """``embed`` as it is, but for one text whose vector is known already: that is not made again."""
    if vector is None:
        return embed

    def embed_others(texts: Sequence[str]) -> np.ndarray:
        others = [other for other in texts if other != text]
        made = iter(embed(others) if others else ())
        return np.stack([vector if one == text else next(made) for one in texts])

    return embed_others


def check_topic(question: str, made: ModelAnswer, embed: Embed) -> list[AnswerCheck]:
    """The checks ``on topic`` and ``complete`` of an answer.

    Args:
        embed: vectors of the model that the threshold was measured with.
    """
    asks = split_asks(question)
    short = len(parse(made.answer.text).content) < FEWEST_WORDS
    texts = [question, *asks]
    near = [_share_words(text, made.answer.text) for text in texts]
    fallback, least = "", ON_TOPIC
    unclear = [i for i, share in enumerate(near) if share < CLEARLY_SHARED]
    if unclear:
        told = [made.answer.text, *(sentence.text for sentence in made.answer.sentences)]
        told = told[:1] if len(told) == 2 else told
        try:
            vectors = embed([*(texts[i] for i in unclear), *told])
        except PhasegateError as error:
            fallback, least = f"{error.message} Shared words decided instead.", LEAST_SHARED
        else:
            for place, i in enumerate(unclear):
                near[i] = float((vectors[len(unclear) :] @ vectors[place]).max())
    topic = _judge_topic(near[0], least, short, fallback)
    missed = [ask for ask, score in zip(asks, near[1:], strict=True) if score < least]
    return [topic, _judge_completeness(made, missed, asks, short, fallback)]


def list_unclear(question: str, made: ModelAnswer) -> list[str]:
    """The question, and the things that it asks for, of which words alone do not tell that the answer is about them."""
    texts = (question, *split_asks(question))
    return [text for text in texts if _share_words(text, made.answer.text) < CLEARLY_SHARED]


def split_asks(question: str) -> list[str]:
    """The things that a question asks for, when they are several; empty when it is one."""
    parts = [part.strip(" ?.,") for part in _ASKS.split(question)]
    asks = [part for part in parts if parse(part).content]
    return asks if len(asks) > 1 else []


def _judge_topic(score: float, least: float, short: bool, fallback: str) -> AnswerCheck:
    score = round(max(0.0, min(1.0, score)), 4)
    if score >= least:
        return AnswerCheck(name="on topic", status="passed", score=score, reason=fallback)
    if short:
        return AnswerCheck(
            name="on topic", status="not applicable", score=score, reason="The answer is too short to tell its topic."
        )
    return AnswerCheck(
        name="on topic", status="failed", score=score, reason="The answer is not about the question. " + fallback
    )


def _judge_completeness(
    made: ModelAnswer, missed: Sequence[str], asks: Sequence[str], short: bool, fallback: str
) -> AnswerCheck:
    if made.cut:
        return AnswerCheck(name="complete", status="failed", reason=f"The answer breaks off {made.cut}.")
    if missed and not short:
        reason = f"{len(missed)} of the {len(asks)} things that were asked are not answered. "
        return AnswerCheck(name="complete", status="failed", reason=reason + fallback)
    return AnswerCheck(name="complete", status="passed", reason=fallback)


def _share_words(question: str, answer: str) -> float:
    asked = parse(question)
    words = {asked.stems[i] for i in asked.content}
    return len(words & set(parse(answer).stems)) / len(words) if words else 1.0
