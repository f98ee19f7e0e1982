"""Tables: one whose rows open something, and one whose sentences are read whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.ui.markup import escape

TALL = 560  # pixels, from so many rows on
MANY = 16
ROW = 33  # pixels of one row of words
LINE = 24
"""Characters that stay on a line: a narrow screen then scrolls a table sideways, where each row would become a tower."""


def draw_opening_table(
    rows: Sequence[Mapping[str, Any]], ids: Sequence[str], columns: Mapping[str, Any], *, page: str, parameter: str
) -> None:
    """The rows; a selected cell opens ``page`` with its row's id as ``parameter`` of the address."""
    event = st.dataframe(
        rows,
        hide_index=True,
        placeholder="–",
        key=f"opening-{parameter}",
        on_select="rerun",
        selection_mode="single-cell",
        height="content" if len(rows) < MANY else TALL,
        column_config=dict(columns),
    )
    if event.selection.cells:
        st.switch_page(page, query_params={parameter: ids[event.selection.cells[0][0]]})


def draw_words(
    rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str] | None = None, *, most: int | None = None
) -> None:
    """Rows of texts, which wrap instead of being cut off.

    Args:
        titles: field to the column's title; without them the fields, with a capital letter.
        most: beyond so many rows the table scrolls.
    """
    names = titles or {name: name[:1].upper() + name[1:] for name in rows[0]}
    st.table(
        [{title: escape(_keep_lines(str(row[name]))) for name, title in names.items()} for row in rows],
        hide_index=True,
        height="content" if most is None or len(rows) <= most else ROW * (most + 1),
    )


def _keep_lines(text: str) -> str:
    """The text, with a space that can end a line only where more than ``LINE`` characters would stand on it."""
    kept, *rest = text.split(" ")
    used = len(kept)
    for word in rest:
        fits = used + 1 + len(word) <= LINE
        kept += ("\u00a0" if fits else " ") + word
        used = used + 1 + len(word) if fits else len(word)
    return kept
