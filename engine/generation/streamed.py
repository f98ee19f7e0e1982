"""A reply while it comes: text for the reader without the numbers of passages, and nothing of a refusal."""

from __future__ import annotations

import re

from engine.generation.model import NOT_ANSWERED

_HELD = re.compile(r"\s*(?:\[\d{0,3}\]?\s*)*\Z")
_MARK = re.compile(r"\[\d{1,3}\]")
_PUNCTUATION = ".!?,;:"


class StreamedText:
    """Takes pieces of a reply and gives what can be shown of it.

    Numbers of passages are left out, since the answer's own citations are numbered anew. As long as the reply may still
    become the agreed words for "not answered", nothing is shown.
    """

    def __init__(self) -> None:
        self._waiting = ""
        self._begun = False

    def feed(self, piece: str) -> str:
        """The text that can be shown now; empty while it is not clear yet."""
        self._waiting += piece
        if not self._begun:
            begin = self._waiting.strip().upper()
            if NOT_ANSWERED.startswith(begin[: len(NOT_ANSWERED)]):
                return ""
            self._begun = True
            self._waiting = self._waiting.lstrip()
        held = _HELD.search(self._waiting)
        cut = held.start() if held else len(self._waiting)
        text, self._waiting = self._waiting[:cut], self._waiting[cut:]
        return _clean(text)

    def finish(self) -> str:
        """What was held back and belongs to the text."""
        text, self._waiting = self._waiting, ""
        if not self._begun and NOT_ANSWERED in text.upper():
            return ""
        return _clean(text).rstrip()


def _clean(text: str) -> str:
    bare = _MARK.sub("", text)
    return (
        re.sub(rf"[ \t]+([{re.escape(_PUNCTUATION)}])", r"\1", re.sub(r"[ \t]{2,}", " ", bare))
        if bare != text
        else text
    )
