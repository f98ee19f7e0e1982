"""Answers and scopes as the tests of caches need them."""

from __future__ import annotations

import numpy as np

from engine.serving.cache import CacheKey
from engine.types import (
    Answer,
    AnswerCheck,
    AnswerSentence,
    Citation,
    Context,
    ContextPart,
    Gap,
    Ranked,
    Validation,
)

OLD, NEW = "a" * 32 + "." + "1" * 32, "a" * 32 + "." + "2" * 32
OTHER_SETTINGS = "b" * 32 + "." + "1" * 32


def make_answer(text: str = "Thirty days.", **changes: object) -> Answer:
    """An answer with something in every field."""
    values: dict[str, object] = {
        "question": "How long?", "text": text, "sentences": (AnswerSentence(text=text, citations=(0,), groundedness=0.9),),
        "citations": (Citation(document="a.md", chunk_index=0, start=0, end=5, relevance=0.5, preview="Thirty"),),
        "retrieved": (Ranked(document="a.md", start=0, end=9, score=1.0),),
        "context": Context(
            parts=(ContextPart(document="a.md", chunk_index=0, start=0, end=9, text="Thirty d", score=0.5),),
            quality=0.7, tokens=4, steps=("wider",),
        ),
        "abstained": False, "provider": "extractive", "correlation_id": "first", "timings_ms": {"total": 300.0},
        "tokens": {"prompt": 10, "completion": 2, "context": 4}, "cost_usd": 0.002,
        "gaps": {"contexts": Gap("none came", fails=False)},
        "validation": Validation(checks=(AnswerCheck(name="grounded", status="passed", score=0.9),)),
    }  # fmt: skip
    return Answer(**(values | changes))  # type: ignore[arg-type]


def make_key(
    question: str = "How long may goods be returned?", scope: str = OLD, history: tuple[tuple[str, str], ...] = ()
) -> CacheKey:
    """A key of the corpus ``shop``."""
    return CacheKey(scope, "shop", question, history)


def no_vector() -> np.ndarray:
    """Where no vector may be asked for."""
    raise AssertionError("the exact tiers need no vector")
