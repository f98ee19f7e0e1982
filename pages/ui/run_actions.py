"""What can be done with a run that has ended: go on, ask errors again, score it again, compare it."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.views.run import RunDetail
from engine.views.run_choices import load_run_choices
from engine.views.words import plural
from pages.ui.starting import resume_run, start_rescore
from pages.ui.states import shown_errors


def draw_actions(store: Store, run: RunDetail) -> None:
    """Buttons; what takes time goes into the queue."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.resume_command and st.button("Resume", icon=":material/play_arrow:", type="primary"):
            _go_on(run, retry=False)
        if run.errors and st.button(
            f"Ask {plural(run.errors, 'error')} again",
            icon=":material/replay:",
            help="Puts the cases that ended in an error to the system again, and makes failed scores anew.",
        ):
            _go_on(run, retry=True)
        with st.popover("Score again", icon=":material/gavel:"):
            _draw_rescore(store, run)
        st.page_link(
            "pages/compare.py", label="Compare", icon=":material/compare_arrows:", query_params={"runs": run.run_id}
        )
    if run.resume_command:
        st.code(run.resume_command, language="bash")


def _go_on(run: RunDetail, *, retry: bool) -> None:
    with shown_errors():
        resume_run(run.provenance.get("suite folder", run.suite), run.run_id, retry=retry)
        st.switch_page("pages/suites.py", query_params={"run": run.run_id})


def _draw_rescore(store: Store, run: RunDetail) -> None:
    st.caption("New scores from the stored answers. The system is not asked; what is there already stays.")
    choices = load_run_choices(store)
    judge = st.selectbox(
        "Judge",
        ["", *choices.judges],
        format_func=lambda name: name or "the run's own, or the default",
        key="rescore-judge",
        help="A judge that is not the run's own scores beside it, so that the two can be compared.",
    )
    measures = st.multiselect(
        "Measures", choices.measures, key="rescore-measures", placeholder="Those of the run, or the usual judged ones"
    )
    retry = st.checkbox("Make failed scores anew", key="rescore-retry")
    if st.button("Score", type="primary", icon=":material/play_arrow:"):
        with shown_errors():
            start_rescore(run.run_id, measures=measures, judge=judge or "", retry=retry)
            st.toast("Scoring has begun; the strip at the left shows how far it is.")
