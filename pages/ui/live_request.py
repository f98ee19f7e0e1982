"""One request whole: what became of it, its stages, its calls to providers."""

from __future__ import annotations

import streamlit as st

from engine.charts.timings import build_waterfall
from engine.store import Store
from engine.views.live_requests import load_request
from pages.ui.charts import draw_chart
from pages.ui.links import draw_step
from pages.ui.markup import escape
from pages.ui.progress import draw_facts
from pages.ui.resources import get_zone
from pages.ui.states import draw_title

PAGE = "pages/live.py"


def draw_request(store: Store, correlation_id: str) -> None:
    """Question and outcome, waterfall, calls, notes of the stages, download."""
    draw_step(PAGE, "Back to Live", "arrow_back", {}, "live")
    trace = load_request(store, correlation_id, get_zone())
    draw_title("Request", trace.correlation_id)
    st.markdown(f"**{escape(trace.question)}**")
    st.markdown(f"{trace.outcome}{': ' + escape(trace.reason) if trace.reason else ''}")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if trace.stages:
            draw_chart(build_waterfall(trace.stages, trace.finding), "request-waterfall")
        else:
            st.caption(f"{escape(trace.finding)}.")
        st.markdown("##### Calls to providers")
        if trace.calls:
            st.dataframe([dict(call) for call in trace.calls], hide_index=True, key="request-calls", height="content")
        else:
            st.caption("No model was asked: a cache or the documents' own sentences answered, or nothing did.")
        if trace.notes:
            st.markdown("##### What the stages noted")
            st.dataframe([dict(note) for note in trace.notes], hide_index=True, key="request-notes", height="content")
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
