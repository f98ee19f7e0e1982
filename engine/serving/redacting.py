"""Answers without personal data, whole or while they come."""

from __future__ import annotations

from dataclasses import replace

from engine.guard.pii import IDENTIFYING, find_personal_data, redact, replace_spans
from engine.ingestion.sentences import split_sentences
from engine.types import Answer, Validation

READ_BEFORE = 80
"""Characters in front of a sentence that tell what stands in it: a phone number is one behind the word phone."""
LONGEST_LOGGED = 2_000
LONGEST_HELD = 2_000
"""Text without an end of sentence is handed over when it is longer."""


def redact_logged(question: str) -> str:
    """A question as the list of requests keeps it, whatever the profile says: that list is a log."""
    cut = f" … {len(question) - LONGEST_LOGGED:,} characters left out" if len(question) > LONGEST_LOGGED else ""
    return redact(question[:LONGEST_LOGGED]) + cut


def redact_answer(answer: Answer) -> Answer:
    """The answer with placeholders for personal data in all that is shown of it; spans still refer to the documents."""
    parts = tuple(replace(part, text=redact(part.text)) for part in answer.context.parts)
    return replace(
        answer,
        text=redact(answer.text),
        sentences=tuple(replace(s, text=redact(s.text)) for s in answer.sentences),
        citations=tuple(replace(c, preview=redact(c.preview)) for c in answer.citations),
        context=replace(answer.context, parts=parts),
        searched=redact(answer.searched),
        validation=_redact_reasons(answer.validation) if answer.validation else None,
    )


def _redact_reasons(validation: Validation) -> Validation:
    """Validators give their reasons in words of the answer."""
    return replace(
        validation,
        checks=tuple(replace(check, reason=redact(check.reason)) for check in validation.checks),
        verdicts=tuple(replace(verdict, reason=redact(verdict.reason)) for verdict in validation.verdicts),
    )


class RedactingStream:
    """Holds text back until a sentence is whole, so that no half of a number or a name slips through."""

    def __init__(self) -> None:
        self._held = ""
        self._before = ""

    def feed(self, text: str) -> str:
        """What may be handed over now."""
        self._held += text
        sentences = split_sentences(self._held)
        if len(sentences) > 1:
            return self._hand_over(sentences[-1][0])
        if len(self._held) > LONGEST_HELD:
            return self._hand_over(self._held.rfind(" ") + 1 or len(self._held))
        return ""

    def finish(self) -> str:
        """What is left."""
        return self._hand_over(len(self._held))

    def _hand_over(self, end: int) -> str:
        """The text up to there, read behind the end of what was handed over before."""
        known = len(self._before)
        read = self._before + self._held[:end]
        spans = find_personal_data(read, IDENTIFYING)
        fresh = [replace(span, start=max(span.start, known)) for span in spans if span.end > known]
        shown = replace_spans(read, fresh)[known:]
        self._before, self._held = read[-READ_BEFORE:], self._held[end:]
        return shown
