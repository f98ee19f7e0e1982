"""An answer that was kept: what a tier holds of it, and what it hands out for a request of today."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.serving.answer_json import count_answer_bytes, decode_answer
from engine.serving.cache_key import CacheKey
from engine.telemetry import get_correlation_id
from engine.types import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedAnswer:
    """An answer that was kept.

    Attributes:
        answer: with its ``cache_tier``, the id and timings of this request, no cost and no tokens of a model.
        age_s: seconds since it was made.
        asked: the question that it was made for; another than that of the request when ``tier`` is ``semantic``.
        stale: something that it depends on has changed since, or it is past its time.
    """

    answer: Answer
    tier: str
    age_s: float
    asked: str
    stale: bool = False


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What is held for a family: ``key`` says for which versions, ``asked`` for which question, ``size`` how many bytes."""

    key: str
    corpus: str
    asked: str
    answer: Answer
    compute_ms: float
    size: int


def read_row(row: Mapping[str, Any], key: CacheKey, digest: str | None = None) -> KeptAnswer | None:
    """A row of the store; None when another version of the program wrote it."""
    try:
        answer = decode_answer(row["answer"])
    except ValueError:
        return None
    return KeptAnswer(
        digest or row.get("key", key.digest),
        key.corpus,
        row["question"],
        answer,
        row["compute_ms"],
        count_answer_bytes(answer),
    )


def hand_out(
    kept: KeptAnswer, tier: str, age_s: float, question: str, started: float, *, stale: bool = False
) -> CachedAnswer:
    """The answer for the request of this context, which began to look for it at ``started`` (``perf_counter``)."""
    spent = round(1000 * (time.perf_counter() - started), 3)
    answer = dataclasses.replace(
        kept.answer,
        question=question,
        cache_tier=tier,
        correlation_id=get_correlation_id() or uuid.uuid4().hex[:16],
        timings_ms={"cache": spent, "total": spent},
        tokens={"context": kept.answer.tokens.get("context", 0), "prompt": 0, "completion": 0},
        cost_usd=0.0,
    )
    return CachedAnswer(answer=answer, tier=tier, age_s=age_s, asked=kept.asked, stale=stale)
