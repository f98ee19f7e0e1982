"""What generation made of the evidence, put together as the answer that a caller gets."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.evidence import Evidence
from engine.generation.extractive import ABSTAINED, ExtractedAnswer, extract_answer
from engine.guard.injection import drop_instructions, guard_passages
from engine.telemetry import get_correlation_id, trace_span
from engine.types import Answer, AnswerSentence, Context, ContextPart, Validation

if TYPE_CHECKING:
    from engine.generation.modelled import ModelMade

EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """``answer`` is None where the documents do not answer; ``parts`` is None where all of the context was read."""

    provider: str
    answer: ExtractedAnswer | None = None
    parts: tuple[ContextPart, ...] | None = None
    tokens: Mapping[str, int] = field(default_factory=lambda: {"prompt": 0, "completion": 0})
    cost_usd: float = 0.0
    degraded: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    validation: Validation | None = None
    prompt: str = ""


def make_extracted(found: Evidence, most_words: int) -> Generated:
    """The answer of the evidence's own sentences."""
    clock = time.perf_counter()
    with trace_span("generate"):
        context = found.selection.context
        evidence, notices = drop_instructions(found.selection.evidence, context.parts, found.question.text)
        answer = extract_answer(evidence, most_words) if evidence else None
    spent = {"generate": 1000 * (time.perf_counter() - clock)}
    return Generated(provider=EXTRACTIVE, answer=answer, timings_ms=spent, notices=notices)


def read_made(made: ModelMade, prompt: str) -> Generated:
    """What a model made; ``prompt`` is the template's label."""
    return Generated(
        provider=made.model,
        answer=None if made.made.abstained else made.made.answer,
        parts=made.parts,
        tokens={"prompt": made.prompt_tokens, "completion": made.completion_tokens},
        cost_usd=made.cost_usd,
        degraded=made.degraded,
        timings_ms=made.timings_ms,
        validation=made.validation,
        prompt=prompt,
    )


def assemble_answer(question: str, found: Evidence, made: Generated, started: float) -> Answer:
    """The answer with everything that explains it; ``started`` is of ``time.perf_counter()``."""
    context: Context = found.selection.context
    if made.parts is not None and made.parts != context.parts:
        context = dataclasses.replace(context, parts=made.parts)
    timings = {**found.timings_ms, "generate": 0.0, **made.timings_ms}
    read = guard_passages(context.parts) if made.provider != EXTRACTIVE else ()
    timings["total"] = 1000 * (time.perf_counter() - started)
    return Answer(
        question=question,
        text=ABSTAINED if made.answer is None else made.answer.text,
        sentences=made.answer.sentences if made.answer else (),
        citations=made.answer.citations if made.answer else (),
        retrieved=found.ranking,
        context=context,
        abstained=made.answer is None,
        provider=made.provider,
        correlation_id=get_correlation_id() or uuid.uuid4().hex[:16],
        timings_ms={name: round(value, 3) for name, value in timings.items()},
        tokens={"context": context.tokens, **made.tokens},
        cost_usd=made.cost_usd,
        degraded=(*found.degraded, *made.degraded),
        notices=(*made.notices, *read),
        validation=made.validation,
        prompt=made.prompt,
        searched=found.searched if found.searched != question else "",
    )


def cut_pieces(sentences: Sequence[AnswerSentence]) -> Iterator[str]:
    """The text of an answer sentence by sentence."""
    for i, sentence in enumerate(sentences):
        yield (" " if i else "") + sentence.text
