"""What leaves as a file for a spreadsheet cannot run there: the one rule for cells of every CSV that is written."""

from __future__ import annotations

from typing import Any

# A spreadsheet takes a cell that begins so for a formula; the wide forms are taken for the narrow ones in some languages.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def quote_formula(text: str) -> str:
    """The text, with an apostrophe before it when a spreadsheet could run it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_cell(value: Any) -> str:
    """A cell: empty for None, a number, negative ones too, with all of its digits, a list joined by commas, a text that cannot be run."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    return quote_formula(str(value))
