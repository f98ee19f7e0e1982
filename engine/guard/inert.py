"""What leaves as a file for a spreadsheet cannot run there: the one rule for cells of every CSV that is written."""

from __future__ import annotations

import re
from typing import Any

# A spreadsheet takes a cell that begins so for a formula; the wide forms are taken for the narrow ones in some languages.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where cells are told apart by semicolons or tabs, one of our cells becomes several.
_LATER_START = re.compile(r"([;\t]\"?)(?=[=+\-@＝＋－＠])")


def quote_formula(text: str) -> str:
    """The text, with an apostrophe before whatever in it a spreadsheet could run."""
    safe = _LATER_START.sub(r"\1'", text)
    return f"'{safe}" if safe.startswith(FORMULA_STARTS) else safe


def write_cell(value: Any) -> str:
    """A cell: empty for None, a number, negative ones too, with all of its digits, a list joined by commas, a text that cannot be run."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    return quote_formula(str(value))
