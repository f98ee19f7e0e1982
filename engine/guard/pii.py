"""Personal data in a text: where it stands, of what type, and the text without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.guard.pii_addresses import find_addresses
from engine.guard.pii_names import find_names
from engine.guard.pii_patterns import PersonalSpan, find_patterned

__all__ = ["IDENTIFYING", "TYPES", "PersonalSpan", "find_personal_data", "redact", "redact_values"]

# What tells who somebody is, or gives access to what is theirs: replaced by ``redact``.
IDENTIFYING = (
    "email", "phone", "credit_card", "iban", "bank_account", "us_ssn", "driver_license", "passport", "medical_record",
    "date_of_birth", "ip_address", "address", "zip_code", "person", "secret",
)  # fmt: skip
# Found and counted, but left where they are: by themselves they are nobody's, and answers are made of them.
TYPES = (*IDENTIFYING, "age", "url", "place", "organisation", "nationality")
LEAST_SCORE = 0.6


def find_personal_data(text: str, types: Sequence[str] = TYPES, least: float = LEAST_SCORE) -> list[PersonalSpan]:
    """Personal data in the order of the text, without overlaps: the surer span wins, then the longer one.

    Time grows with the length of the text: below a millisecond for a usual question.

    Args:
        types: those of ``TYPES`` that are wanted.
        least: spans below this score are left out.
    """
    found = [
        s
        for s in (*find_patterned(text), *find_addresses(text), *find_names(text))
        if s.score >= least and s.type in types
    ]
    return _select_spans(found)


def redact(text: str, types: Sequence[str] = IDENTIFYING, least: float = LEAST_SCORE) -> str:
    """The text with ``[EMAIL]``, ``[PERSON]`` and the like in the place of personal data."""
    return replace_spans(text, find_personal_data(text, types, least))


def replace_spans(text: str, spans: Iterable[PersonalSpan]) -> str:
    """The text with each span replaced by its type."""
    pieces, at = [], 0
    for span in spans:
        pieces += [text[at : span.start], f"[{span.type.upper()}]"]
        at = span.end
    return "".join((*pieces, text[at:]))


def redact_values(value: Any) -> Any:
    """A nested value of lists, tuples and dicts with every text in it redacted; keys stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: redact_values(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(redact_values(entry) for entry in value)
    return value


def _select_spans(found: list[PersonalSpan]) -> list[PersonalSpan]:
    chosen: list[PersonalSpan] = []
    taken: set[int] = set()
    for span in sorted(found, key=lambda s: (-s.score, s.start - s.end, s.start)):
        places = range(span.start, span.end)
        if taken.isdisjoint(places):
            chosen.append(span)
            taken.update(places)
    return sorted(chosen, key=lambda s: s.start)
