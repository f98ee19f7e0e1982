"""What every door does to a text before anything else reads it."""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")


def replace_halves(text: str) -> str:
    """The text with U+FFFD for halves of surrogate pairs: they come from JSON escapes and odd file names, and are no text."""
    return _HALF.sub("\ufffd", text)
