"""Journaled cases back as cases and answers, so that they can be scored again without asking the target.

What was expected is read from the journal, not from the suite: a suite that was edited since changes no score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.evaluation.suites import Case, Turn
from engine.types import Answer, AnswerSentence, Citation, Context, ContextPart, Gap, Ranked, Span, Validation

Row = Mapping[str, Any]
UNKNOWN_CHUNK = -1  # the journal keeps a context's place in its document, not the number of its chunk


def merge_detail(row: Row) -> dict[str, Any]:
    """A row of ``cases`` or an object of ``cases --json``, with its detail beside its columns."""
    return {"id": row.get("case_id") or row.get("id"), **row, **(row.get("detail") or {})}


def read_case(row: Row) -> Case:
    """The case as it was asked."""
    found = merge_detail(row)
    expected = found.get("expected") or {}
    turns: Sequence[Mapping[str, Any]] = expected if isinstance(expected, list) else [expected]
    content = found["kind"] == "content"
    return Case(
        id=found["id"],
        kind=found["kind"],
        line=found["position"] + 1,
        tags=tuple(found["tags"]),
        turns=() if content else tuple(_read_turn(turn) for turn in turns if turn.get("question")),
        text=found["question"] if content else "",
        content_type=expected.get("content_type", "") if content else "",
    )


def _read_turn(turn: Mapping[str, Any]) -> Turn:
    return Turn(
        question=turn["question"],
        answers=tuple(turn.get("answers", ())),
        facts=tuple(turn.get("facts", ())),
        relevant=tuple(
            Span(document=span["document"], start=span.get("start") or 0, end=span.get("end"))
            for span in turn.get("relevant", ())
        ),
        unanswerable=bool(turn.get("unanswerable")),
    )


def read_answers(row: Row) -> tuple[Answer, ...]:
    """The answers that came, one a turn; fewer than turns when the target failed on the way."""
    found = merge_detail(row)
    if found["kind"] == "content" or (found["status"] == "error" and not found.get("turns")):
        return ()
    return tuple(_read_answer(turn) for turn in found.get("turns") or [found])


def _read_answer(turn: Mapping[str, Any]) -> Answer:
    tokens = turn.get("tokens") or {}
    return Answer(
        question=turn["question"],
        text=turn["answer"] or "",
        sentences=tuple(
            AnswerSentence(text=s["text"], citations=tuple(s["citations"]), groundedness=s.get("groundedness"))
            for s in turn.get("sentences") or ()
        ),
        citations=tuple(Citation(**citation) for citation in turn.get("citations") or ()),
        retrieved=tuple(Ranked(**ranked) for ranked in turn.get("retrieved") or ()),
        context=Context(
            parts=tuple(ContextPart(chunk_index=UNKNOWN_CHUNK, **part) for part in turn.get("contexts") or ()),
            quality=turn["context_quality"],
            tokens=tokens.get("context", 0),
        ),
        abstained=bool(turn["abstained"]),
        provider=turn.get("provider") or "",
        correlation_id="",
        timings_ms=turn.get("timings_ms") or {},
        tokens=tokens,
        cost_usd=turn.get("cost_usd") or 0.0,
        degraded=tuple(turn.get("degraded") or ()),
        gaps=read_gaps(turn),
        validation=Validation.from_json(turn["validation"]) if turn.get("validation") else None,
        prompt=turn.get("prompt") or "",
    )


def read_gaps(turn: Row) -> dict[str, Gap]:
    """What the target left out of a turn's answer."""
    return {name: Gap(**gap) for name, gap in (turn.get("gaps") or {}).items()}
