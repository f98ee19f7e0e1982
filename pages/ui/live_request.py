"""One request whole: what became of it, its stages, its calls to providers and their retries."""

from __future__ import annotations

import streamlit as st

from engine.charts.timings import build_waterfall
from engine.store import Store
from engine.views.live_requests import GONE_WORDS, load_request
from pages.ui.charts import draw_chart
from pages.ui.links import draw_step
from pages.ui.markup import escape
from pages.ui.progress import draw_facts
from pages.ui.resources import get_zone
from pages.ui.states import draw_empty, draw_title

PAGE = "pages/live.py"
LISTED = "live-listed"
"""Where the session keeps the address of the list that was seen last."""


def draw_request(store: Store, correlation_id: str) -> None:
    """Question and outcome, waterfall, calls, notes of the stages, download."""
    came_from = st.session_state.get(LISTED)
    with st.container(horizontal=True):
        if came_from:
            draw_step(PAGE, "Back to the requests", "arrow_back", came_from, "requests")
        draw_step(PAGE, "Live", "monitoring", {}, "live")
    draw_title("Request", escape(correlation_id))
    trace = load_request(store, correlation_id, get_zone())
    if trace is None:
        draw_empty("This request is not here", GONE_WORDS, icon="search_off")
        st.button("Look again", icon=":material/refresh:")
        return
    st.markdown(f"**{escape(trace.question)}**")
    st.markdown(f"{trace.outcome}{': ' + escape(trace.reason) if trace.reason else ''}")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if trace.stages:
            draw_chart(build_waterfall(trace.stages, trace.finding), "request-waterfall")
        else:
            st.caption(f"{escape(trace.finding)}.")
    with right:
        draw_facts(trace.facts)
        st.download_button(
            "JSON of this request",
            trace.content,
            f"request-{trace.correlation_id}.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
    st.markdown("##### Calls to providers")
    if trace.calls:
        titles = {name: name[:1].upper() + name[1:] for name in trace.calls[0]}
        rows = [dict(call) for call in trace.calls]
        st.dataframe(rows, hide_index=True, key="request-calls", height="content", column_config=titles)
    else:
        st.caption("No model was asked: a cache or the documents' own sentences answered, or nothing did.")
    if trace.notes:
        st.markdown("##### What the stages noted")
        st.table(
            [{name.capitalize(): escape(text) for name, text in note.items()} for note in trace.notes], hide_index=True
        )
