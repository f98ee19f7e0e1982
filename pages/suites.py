"""Suites: choose one, set it, start it, watch it."""

import streamlit as st

from engine.views.suites import load_suite_cards, load_suite_detail
from pages.ui.links import draw_step
from pages.ui.progress import draw_run_progress
from pages.ui.resources import get_store
from pages.ui.run_form import draw_start_form
from pages.ui.states import draw_title
from pages.ui.suites import draw_cards, draw_detail

store = get_store()
suite, run = st.query_params.get("suite", ""), st.query_params.get("run", "")

if run:
    draw_step("pages/suites.py", "All suites", "arrow_back", {})
    draw_title("A run at work", "Read from the store: a reload or a second browser shows the same.")
    progress = draw_run_progress(run)
    if not progress.active and progress.done:
        st.page_link(
            "pages/runs.py", label="**See what came out of it**", icon=":material/science:", query_params={"run": run}
        )
    if progress.active:
        st.caption("The run is a process of its own. This page can be closed; it goes on.")
    if not progress.active and progress.suite:
        again = {"suite": suite or progress.suite}
        draw_step("pages/suites.py", "Set up another run", "tune", again)
elif suite:
    detail = load_suite_detail(store, suite)
    draw_step("pages/suites.py", "All suites", "arrow_back", {})
    draw_detail(detail)
    draw_start_form(store, detail)
else:
    draw_title(
        "Suites", "Cases with known answers over a corpus. A run puts each to the system and scores what comes back."
    )
    draw_cards(load_suite_cards(store))
