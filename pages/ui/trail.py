"""The section Audit trail of the Settings screen."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.views.tables import build_csv
from engine.views.trail import TrailView, load_trail
from pages.ui.markup import escape
from pages.ui.resources import get_zone
from pages.ui.tables import draw_words

COLUMNS = {
    "when": "When",
    "who": "Who",
    "action": "What",
    "subject": "To what",
    "reason": "Why",
    "before": "From",
    "after": "To",
}


def draw_trail(store: Store) -> None:
    """The last configuration audit, a search, a page of entries."""
    page = st.query_params.get("page", "1")
    words = st.text_input(
        "Search",
        key="trail-words",
        placeholder="token, refused, settings, a name, …",
        help="In who, what, to what and why.",
        width=420,
    )
    view = load_trail(store, words, page=int(page) if page.isdecimal() else 1, zone=get_zone())
    st.caption(escape(view.audit))
    if not view.rows:
        st.info(
            "No entry holds these words." if words.strip() else "Nothing has been changed yet that the trail keeps.",
            icon=":material/policy:",
        )
        return
    draw_words(view.rows, COLUMNS)
    _draw_foot(view)


def _draw_foot(view: TrailView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{view.first:,} to {view.first + len(view.rows) - 1:,} of {view.total:,}")
        for label, icon, step in (("Newer", "chevron_left", -1), ("Older", "chevron_right", 1)):
            wanted = view.page + step
            if st.button(label, icon=f":material/{icon}:", disabled=not 1 <= wanted <= view.pages, key=f"trail-{step}"):
                st.query_params["page"] = str(wanted)
                st.rerun()
        st.download_button(
            "CSV of this page",
            build_csv(view.rows).encode(),
            "audit-trail.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
