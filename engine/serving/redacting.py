"""Answers without personal data, whole or while they come."""

from __future__ import annotations

import re
from dataclasses import replace

from engine.guard.pii import redact
from engine.types import Answer

_SENTENCE_END = re.compile(r"[.!?\n]\s+(?=\S)|\n")
LONGEST_HELD = 2_000
"""Text without an end of sentence is handed over when it is longer."""


def redact_answer(answer: Answer) -> Answer:
    """The answer with placeholders for personal data in all that is shown of it; spans still refer to the documents."""
    parts = tuple(replace(part, text=redact(part.text)) for part in answer.context.parts)
    return replace(
        answer,
        text=redact(answer.text),
        sentences=tuple(replace(s, text=redact(s.text)) for s in answer.sentences),
        citations=tuple(replace(c, preview=redact(c.preview)) for c in answer.citations),
        context=replace(answer.context, parts=parts),
    )


class RedactingStream:
    """Holds text back until a sentence is whole, so that no half of a number or a name slips through."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """What may be handed over now."""
        self._held += text
        ends = [match.end() for match in _SENTENCE_END.finditer(self._held)]
        if ends:
            ready, self._held = self._held[: ends[-1]], self._held[ends[-1] :]
        elif len(self._held) > LONGEST_HELD:
            cut = self._held.rfind(" ") + 1 or len(self._held)
            ready, self._held = self._held[:cut], self._held[cut:]
        else:
            return ""
        return redact(ready)

    def finish(self) -> str:
        """What is left."""
        rest, self._held = self._held, ""
        return redact(rest)
