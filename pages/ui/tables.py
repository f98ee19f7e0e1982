"""A table whose rows open something: a selected cell leads to the page of its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

TALL = 560  # pixels, from so many rows on
MANY = 16


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
