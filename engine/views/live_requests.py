"""The requests of an interval, filtered, sorted and paged in the database; and one request whole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.errors import InputError, UnknownNameError
from engine.store import Store
from engine.store.request_queries import OUTCOMES, SORTS, RequestFilter, RequestQueries
from engine.store.requests import RequestStore
from engine.views.answers import Stage
from engine.views.live_words import WINDOWS
from engine.views.words import DASH, clock, count, in_zone, milliseconds, plural, setting_value

PAGE = 50
OUTCOME_WORDS = {
    "answered": "● answered",
    "abstained": "○ abstained",
    "degraded": "◐ degraded",
    "refused": "⊘ refused",
    "error": "✕ error",
    "cancelled": "– cancelled",
}
FAILED = "failed"
KEPT_WORDS = "Requests are kept for seven days; personal data in their questions is blacked out before."
GONE_WORDS = (
    "A request is kept some two seconds after its answer, and for seven days. One of another installation is not here."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestList:
    """One page of requests.

    Attributes:
        span: the interval in words.
        choices: what a list can be narrowed to, by field.
        rows: cells, and ``ids`` beside them.
    """

    span: str
    total: int
    first: int
    page: int
    pages: int
    choices: Mapping[str, Mapping[str, str]]
    rows: tuple[Mapping[str, Any], ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTrace:
    """One request whole.

    Attributes:
        stages: of its trace, in ms from its beginning; they may overlap.
        finding: where the time went.
        calls: at providers, one row each attempt.
        notes: attributes of the stages, one row each; those of calls stand in ``calls``.
        turns: link to its conversation: the session's id; empty without one.
        content: all of it as JSON.
    """

    correlation_id: str
    question: str
    outcome: str
    reason: str
    facts: Mapping[str, str]
    stages: tuple[Stage, ...]
    finding: str
    calls: tuple[Mapping[str, Any], ...]
    notes: tuple[Mapping[str, str], ...]
    session: str
    content: bytes


def read_moment(text: str) -> datetime | None:
    """Seconds since 1970 in an address, as a time of the store; None when empty.

    Raises:
        InputError: no number, or no time.
    """
    if not text:
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        raise InputError(
            f"{text[:40]!r} is no time: expected seconds since 1970.", "Open Live and choose anew."
        ) from None


def load_requests(
    store: Store,
    begin: datetime,
    end: datetime,
    zone: str | None = None,
    *,
    outcome: str = "",
    door: str = "",
    tier: str = "",
    provider: str = "",
    words: str = "",
    sort: str = "newest",
    page: int = 1,
) -> RequestList:
    """A page of the requests asked from ``begin`` until ``end``; a page beyond the last is the last.

    Raises:
        UnknownNameError: no such order.
    """
    queries = RequestQueries(store)
    chosen = RequestFilter(begin=begin, end=end, outcome=outcome, door=door, tier=tier, provider=provider, words=words)
    total = queries.count_requests(chosen)
    pages = max(1, -(-total // PAGE))
    shown = min(max(1, page), pages)
    rows = queries.list_requests(chosen, sort, PAGE, (shown - 1) * PAGE)
    values = queries.list_values(begin, end)
    return RequestList(
        span=f"{clock(begin, zone)} to {clock(end, zone)}",
        total=total,
        first=(shown - 1) * PAGE + 1 if total else 0,
        page=shown,
        pages=pages,
        choices={
            "outcome": {FAILED: "✕ degraded, refused or error", **{name: OUTCOME_WORDS[name] for name in OUTCOMES}},
            "door": {name: name for name in values["door"]},
            "tier": {**{name: name for name in values["tier"]}, "none": "computed, no cache"},
            "provider": {name: name for name in values["provider"]},
            "sort": {name: name for name in SORTS},
        },
        rows=tuple(_cells(row, zone) for row in rows),
        ids=tuple(row["correlation_id"] for row in rows),
    )


def _cells(row: Mapping[str, Any], zone: str | None) -> dict[str, Any]:
    return {
        "asked": in_zone(row["asked_at"], zone),
        "question": row["question"],
        "outcome": OUTCOME_WORDS.get(row["outcome"], row["outcome"]),
        "total_ms": row["total_ms"],
        "tier": row["cache_tier"],
        "provider": row["provider"] or None,
        "reason": row["reason"] or None,
        "quality": row["context_quality"],
        "tokens": row["tokens"],
        "cost": row["cost_usd"],
        "door": row["door"],
        "corpus": row["corpus"],
        "request": row["correlation_id"],
    }


def find_interval(
    window: str, begin: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """The interval that an address names: both ends, or the window up to now.

    Raises:
        InputError: the end is not after the begin.
        UnknownNameError: no such window.
    """
    if window not in WINDOWS:
        raise UnknownNameError("window", window, WINDOWS)
    last = end or now
    first = begin or last - WINDOWS[window].span
    if first >= last:
        raise InputError("The interval ends before it begins.", "Open Live and choose anew.")
    return first, last


def load_request(store: Store, correlation_id: str, zone: str | None = None) -> RequestTrace | None:
    """One request with its stages and its calls; None when it is not in the store: not yet, no longer, or never."""
    row = RequestStore(store).find_request(correlation_id)
    if row is None:
        return None
    stages = _list_stages(row)
    return RequestTrace(
        correlation_id=row["correlation_id"],
        question=row["question"],
        outcome=OUTCOME_WORDS.get(row["outcome"], row["outcome"]),
        reason=row["reason"],
        facts=_facts(row, zone),
        stages=stages,
        finding=_find_longest(stages, row["total_ms"]),
        calls=tuple(_call(call, zone) for call in row["calls"]),
        notes=tuple(
            {"stage": str(span["name"]), "notes": setting_value(_shorten(span["attributes"]))}
            for span in row["trace"]
            if span.get("attributes") and not _is_call(span)
        ),
        session=row["session"],
        content=json.dumps(row, indent=2, ensure_ascii=False, default=str).encode("utf-8", "replace"),
    )


def _list_stages(row: Mapping[str, Any]) -> tuple[Stage, ...]:
    """The spans, their names told apart where a stage came twice: the chart has one line for each name."""
    seen: dict[str, int] = {}
    stages = []
    for span in row["trace"]:
        name = _name_stage(span)
        seen[name] = seen.get(name, 0) + 1
        shown = name if seen[name] == 1 else f"{name} ({seen[name]})"
        stages.append(Stage(name=shown, begins=float(span["start_ms"]), lasts=float(span["ms"])))
    return tuple(stages)


def _name_stage(span: Mapping[str, Any]) -> str:
    """A call is named by its provider and its purpose, and marked when it failed; any other stage as it names itself."""
    if not _is_call(span):
        return str(span["name"])
    notes = span["attributes"]
    failed = " ✕" if notes.get("outcome", "ok") != "ok" else ""
    return f"{notes['provider']}: {notes.get('purpose', span['name'])}{failed}"


def _is_call(span: Mapping[str, Any]) -> bool:
    return "provider" in (span.get("attributes") or {}) and "attempt" in span["attributes"]


def _shorten(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in attributes.items()}


def _find_longest(stages: Sequence[Stage], total: float) -> str:
    if not stages:
        return f"{milliseconds(total)} in all; no stage was noted down"
    longest = max(stages, key=lambda stage: stage.lasts)
    return f"{longest.name} took {milliseconds(longest.lasts)} of {milliseconds(total)}"


def _facts(row: Mapping[str, Any], zone: str | None) -> dict[str, str]:
    tokens = f"{count(row['prompt_tokens'])} in, {count(row['completion_tokens'])} out"
    return {
        "Asked": clock(row["asked_at"], zone),
        "Door": row["door"],
        "Corpus": row["corpus"],
        "Who": row["asker"] or DASH,
        "Conversation": row["session"] or DASH,
        "Whole time": milliseconds(row["total_ms"]),
        "First text": milliseconds(row["first_text_ms"]),
        "Retrieval": f"{milliseconds(row['retrieval_ms'])}, {plural(row['chunks'], 'chunk')}",
        "Context quality": DASH if row["context_quality"] is None else f"{row['context_quality']:.3f}",
        "Answered by": row["provider"] or DASH,
        "Cache": row["cache_tier"] or "computed, no cache",
        "Tokens": tokens,
        "Cost": f"{row['cost_usd']:.4g} USD",
        "Request": row["correlation_id"],
    }


def _call(call: Mapping[str, Any], zone: str | None) -> dict[str, Any]:
    local = in_zone(call["started_at"], zone)
    return {
        "began": local.strftime("%H:%M:%S") if local else DASH,
        "provider": call["provider"],
        "model": call["model"],
        "purpose": call["purpose"],
        "attempt": call["attempt"],
        "outcome": "● ok" if call["outcome"] == "ok" else f"✕ {call['outcome']}",
        "took": milliseconds(call["ms"]),
        "first token": milliseconds(call["first_token_ms"]),
        "tokens": f"{count(call['prompt_tokens'])} in, {count(call['completion_tokens'])} out",
        "cost": DASH if call["cost_usd"] is None else f"{call['cost_usd']:.4g} USD",
    }
