"""What a foreign target gave, checked: the answer, its contexts, and what else it says of itself.

A message names the place, what was expected and the shape of what was found, never the reply's own text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import TargetError
from engine.plain_text import replace_halves

TEXT_KEYS = ("text", "page_content", "content", "chunk", "passage", "body")
DOCUMENT_KEYS = ("document", "document_id", "doc_id", "source", "file", "path", "url", "id")
SHOWN_KEYS = 8
MOST_CONTEXTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignContext:
    """A passage that a target says it has used; ``document`` as the target calls it, or empty."""

    text: str
    document: str = ""
    start: int | None = None
    end: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply, read. ``contexts`` and ``retrieved`` are None when they did not come; empty when nothing was found."""

    answer: str
    contexts: tuple[ForeignContext, ...] | None = None
    retrieved: tuple[str, ...] | None = None
    abstained: bool | None = None
    cost_usd: float = 0.0
    tokens: Mapping[str, int] = field(default_factory=dict)


def read_reply(values: Mapping[str, Any], names: Mapping[str, str], whole: object) -> Reply:
    """A reply out of the values found in it.

    Args:
        values: ``answer``, ``contexts``, ``retrieved``, ``abstained``, ``cost_usd``, ``tokens``; a missing one is None.
        names: where each was looked for, for messages.
        whole: what the values were taken from.

    Raises:
        TargetError: the answer is missing, or something has another type than agreed.
    """

    def refuse(name: str, expected: str) -> TargetError:
        place, value = names.get(name) or name, values.get(name)
        shape = f"; the reply is {describe_shape(whole)}" if value is None and whole is not value else ""
        return TargetError(
            f"The reply is not as agreed: expected {expected} at {place}, found {describe_shape(value)}{shape}.",
            "If the target's format has changed, change the paths of the target.",
        )

    answer, abstained = values.get("answer"), values.get("abstained")
    if abstained is not None and not isinstance(abstained, bool):
        raise refuse("abstained", "true or false")
    if answer is None and abstained:
        answer = ""
    if not isinstance(answer, str):
        raise refuse("answer", "text")
    if not answer.strip() and not abstained:
        raise refuse("answer", "an answer")
    cost = values.get("cost_usd")
    if cost is not None and not (_is_number(cost) and cost >= 0):
        raise refuse("cost_usd", "a number of at least 0")
    tokens = values.get("tokens")
    if tokens is not None and not isinstance(tokens, Mapping | int):
        raise refuse("tokens", "numbers by name, or one number")
    contexts, retrieved = values.get("contexts"), values.get("retrieved")
    return Reply(
        answer=clean_text(answer),
        contexts=None if contexts is None else _read_contexts(contexts, names.get("contexts") or "contexts"),
        retrieved=None if retrieved is None else _read_retrieved(retrieved, names.get("retrieved") or "retrieved"),
        abstained=abstained,
        cost_usd=float(cost or 0.0),
        tokens=_read_tokens(tokens),
    )


def clean_text(text: str) -> str:
    """A text that can be kept: U+FFFD for halves of surrogate pairs and for zero bytes, which are no text."""
    return replace_halves(text).replace("\x00", "\ufffd")


def describe_shape(value: object) -> str:
    """What a value is, without what it says."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return f"text of {len(value):,} characters" if value.strip() else "empty text"
    if isinstance(value, Mapping):
        keys = [str(key)[:40] for key in list(value)[:SHOWN_KEYS]]
        more = ", ..." if len(value) > SHOWN_KEYS else ""
        return f"an object with the keys {', '.join(keys)}{more}" if keys else "an empty object"
    if isinstance(value, Sequence):
        return f"a list of {len(value):,}" if len(value) else "an empty list"
    return f"a {type(value).__name__}"


def _read_contexts(value: object, place: str) -> tuple[ForeignContext, ...]:
    entries = _listed(value, place)
    if len(entries) > MOST_CONTEXTS:
        raise _refuse_entry(place, f"at most {MOST_CONTEXTS:,} contexts", f"{len(entries):,}")
    return tuple(_read_context(entry, f"{place}[{i}]") for i, entry in enumerate(entries))


def _read_context(entry: object, place: str) -> ForeignContext:
    if isinstance(entry, str):
        return ForeignContext(text=clean_text(entry))
    if not isinstance(entry, Mapping):
        raise _refuse_entry(place, "text or an object with text", describe_shape(entry))
    text = _first(entry, TEXT_KEYS)
    if not isinstance(text, str):
        raise _refuse_entry(place, f"an object with one of {', '.join(TEXT_KEYS)}", describe_shape(entry))
    metadata = entry.get("metadata")
    known = {**metadata, **entry} if isinstance(metadata, Mapping) else entry
    document = _first(known, DOCUMENT_KEYS)
    start, end, score = known.get("start"), known.get("end"), known.get("score")
    placed = type(start) is int and type(end) is int and 0 <= start < end
    return ForeignContext(
        text=clean_text(text),
        document=clean_text(str(document)) if isinstance(document, str | int) else "",
        start=start if placed else None,
        end=end if placed else None,
        score=float(score) if _is_number(score) else None,
    )


def _read_retrieved(value: object, place: str) -> tuple[str, ...]:
    names = []
    for i, entry in enumerate(_listed(value, place)):
        metadata = entry.get("metadata") if isinstance(entry, Mapping) else None
        known = {**metadata, **entry} if isinstance(metadata, Mapping) and isinstance(entry, Mapping) else entry
        name = _first(known, DOCUMENT_KEYS) if isinstance(known, Mapping) else known
        if not isinstance(name, str | int) or isinstance(name, bool):
            expected = f"a document's name, or an object with one of {', '.join(DOCUMENT_KEYS)}"
            raise _refuse_entry(f"{place}[{i}]", expected, describe_shape(entry))
        names.append(clean_text(str(name)))
    return tuple(names)


def _read_tokens(value: Mapping[str, Any] | int | None) -> dict[str, int]:
    if value is None or isinstance(value, bool):
        return {}
    if isinstance(value, int):
        return {"total": value}
    return {str(name)[:40]: int(count) for name, count in list(value.items())[:20] if _is_number(count)}


def _listed(value: object, place: str) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _refuse_entry(place, "a list", describe_shape(value))
    return value


def _first(value: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((value[key] for key in keys if value.get(key) is not None), None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refuse_entry(place: str, expected: str, found: str) -> TargetError:
    return TargetError(
        f"The reply is not as agreed: expected {expected} at {place}, found {found}.",
        "If the target's format has changed, change the paths of the target.",
    )
