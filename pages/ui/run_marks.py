"""Marks of a run: pin it, tag it, leave a note."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.store.run_marks import NOTE_LENGTH, TAG_COUNT, RunMark, RunMarkStore
from engine.views.words import clock
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.resources import get_zone
from pages.ui.states import shown_errors


def draw_marks(store: Store, run_id: str, mark: RunMark) -> None:
    """Badges of the marks, and the button that changes them."""
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        badges = [":orange-badge[:material/keep: Pinned]"] if mark.pinned else []
        badges += [f":blue-badge[{escape(tag)}]" for tag in mark.tags]
        if badges:
            st.markdown(" ".join(badges), width="content")
        with st.popover("Marks", icon=":material/bookmark:", width="content"):
            _draw_form(store, run_id, mark)


def _draw_form(store: Store, run_id: str, mark: RunMark) -> None:
    marks = RunMarkStore(store)
    with st.form("marks", border=False):
        pinned = st.toggle("Pinned on top of the list", value=mark.pinned, key="mark-pinned")
        tags = st.multiselect(
            "Tags",
            sorted({*marks.list_tags(), *mark.tags}),
            default=list(mark.tags),
            accept_new_options=True,
            max_selections=TAG_COUNT,
            key="mark-tags",
            placeholder="baseline, release-3",
        )
        note = st.text_area("Note", value=mark.note, max_chars=NOTE_LENGTH, height=90, key="mark-note")
        if st.form_submit_button("Save", type="primary"):
            with shown_errors():
                marks.save_mark(run_id, get_person(), pinned=pinned, tags=tags, note=note)
                st.rerun()
    if mark.updated_at:
        st.caption(f"{escape(mark.updated_by)}, {clock(mark.updated_at, get_zone())}")
