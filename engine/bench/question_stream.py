"""A stream of questions as people send them: few asked often, many once, and not always in the same words.

The questions are those of the largest shipped suite. Question number *r* of a shuffled list comes with a probability in proportion to
1/r (Zipf's law, s = 1); three in ten requests ask it in other words, made by rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.serving.question_edits import PARAPHRASES

REQUESTS = 1_000
EXPONENT = 1.0
REWORDED = 0.3
SEED = 17


@dataclass(frozen=True, slots=True)
class Request:
    """``question`` counts what is asked, however it is put."""

    question: int
    text: str


def build_stream(
    questions: Sequence[str], requests: int = REQUESTS, exponent: float = EXPONENT, seed: int = SEED
) -> list[Request]:
    """The requests in order; the same for the same arguments."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(questions))
    weights = 1 / np.arange(1, len(questions) + 1) ** exponent
    drawn = random.choice(len(questions), size=requests, p=weights / weights.sum())
    found = []
    for rank, reworded, which in zip(drawn, random.random(requests), random.random(requests), strict=True):
        number = int(order[rank])
        variants = reword(questions[number])
        text = questions[number]
        if variants and reworded < REWORDED:
            text = variants[int(which * len(variants))]
        found.append(Request(number, text))
    return found


def reword(question: str) -> list[str]:
    """A question in other words, by every rule that applies."""
    made = (edit(question) for edit in PARAPHRASES.values())
    return [text for text in dict.fromkeys(made) if text and text != question]


def describe_stream(stream: Sequence[Request]) -> Mapping[str, float | int]:
    """What the stream repeats: the share of requests whose question, and whose very text, came before."""
    return {
        "requests": len(stream),
        "questions": len({request.question for request in stream}),
        "texts": len({request.text for request in stream}),
        "repeated_questions": 1 - len({request.question for request in stream}) / len(stream),
        "repeated_texts": 1 - len({request.text for request in stream}) / len(stream),
        "exponent": EXPONENT,
        "reworded": REWORDED,
    }
