"""A source in its document, in a dialog."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from engine.pipeline import RagPipeline
from engine.views.ask import load_passage
from pages.ui.markup import draw_pieces, escape
from pages.ui.states import shown_errors


def show_passage(pipeline: RagPipeline) -> Callable[[str, int, int], None]:
    """Opens the dialog for a document of this pipeline."""

    @st.dialog("Source in its document", width="large")
    def show(document: str, start: int, end: int) -> None:
        st.markdown(f"**{escape(document)}**, characters {start} to {end}")
        whole = st.toggle("Whole document", key="passage-whole")
        with shown_errors():
            passage = load_passage(pipeline, document, start, end, whole=whole)
            with st.container(height=460, border=True):
                draw_pieces(passage.pieces, passage.before, passage.after)
            st.caption(
                f"Shown: characters {passage.start} to {passage.end}; {passage.before} before and {passage.after} after."
            )

    return show
