"""Text as GitHub's Markdown takes it for text: no mark-up, no tag, no mention, no link, no reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$&!])")
# A mention, a reference or an address is found however it is escaped; a word joiner, which has no width, keeps it text.
_LINKED = re.compile(r"(?<![\w/])@(?=\w)|\\#(?=\d)|\bGH-(?=\d)|https?(?=:)|www(?=\.)|mailto(?=:)", re.IGNORECASE)
_JOINER = "\u2060"


def escape_text(text: str) -> str:
    """One line of text that stays text, in a table cell too."""
    line = _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
    return _LINKED.sub(rf"\g<0>{_JOINER}", line)


def write_code(text: str) -> str:
    """A code span for an id or a command, in a table cell too."""
    line = " ".join(str(text).split()).replace("`", "'").replace("|", "\\|")
    return f"`{line}`" if line else ""


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> list[str]:
    """The lines of a table; ``align`` has ``l`` or ``r`` for each column. Cells are Markdown already."""
    rule = ["---:" if side == "r" else "---" for side in align]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def fold(summary: str, lines: Iterable[str]) -> list[str]:
    """Lines that a reader opens; ``summary`` is escaped text."""
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>", ""]
