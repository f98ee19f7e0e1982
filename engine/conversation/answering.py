"""The answer to a question about the asker's own words: the sentence that was said, with its place in the conversation."""

from __future__ import annotations

import time
import uuid

from engine.conversation.recall import RecalledStatement
from engine.telemetry import get_correlation_id
from engine.types import Answer, AnswerSentence, Citation, Context, ContextPart

PROVIDER = "conversation"
_PREVIEW_CHARACTERS = 160


def build_recalled_answer(question: str, statement: RecalledStatement, started: float) -> Answer:
    """An answer out of the conversation. No document was searched, so nothing is retrieved and no context was rated.

    Args:
        started: ``time.perf_counter()`` when the question came.
    """
    place = {"document": statement.place, "chunk_index": 0, "start": statement.start, "end": statement.end}
    sentence = AnswerSentence(text=f"You said: “{statement.text}”", citations=(0,))
    citation = Citation(**place, relevance=1.0, preview=statement.text[:_PREVIEW_CHARACTERS])
    part = ContextPart(**place, text=statement.text, score=1.0)
    spent = round(1000 * (time.perf_counter() - started), 3)
    return Answer(
        question=question,
        text=sentence.text,
        sentences=(sentence,),
        citations=(citation,),
        retrieved=(),
        context=Context(parts=(part,), quality=None, tokens=0),
        abstained=False,
        provider=PROVIDER,
        correlation_id=get_correlation_id() or uuid.uuid4().hex[:16],
        timings_ms={"recall": spent, "total": spent},
        tokens={"context": 0, "prompt": 0, "completion": 0},
        cost_usd=0.0,
    )
