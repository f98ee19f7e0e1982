"""A sweep at work, polled from the store: a reload or a second browser sees the same."""

from __future__ import annotations

import streamlit as st

from engine.operations.launching import stop_process
from engine.views.sweep_progress import SweepProgress, load_sweep_progress
from pages.ui.links import draw_step
from pages.ui.markup import escape, state_badge
from pages.ui.progress import POLL_SECONDS
from pages.ui.resources import get_store
from pages.ui.states import draw_title


def draw_sweep_progress(sweep_id: str) -> SweepProgress:
    """A sweep while it works; once it has ended only what went wrong before its first trial."""
    draw_step("pages/sweeps.py", "All sweeps", "arrow_back", {})
    progress = load_sweep_progress(get_store(), sweep_id)
    if progress.active:
        draw_title("A sweep at work", "Read from the store: this page can be closed; the sweep goes on.")
        _poll(sweep_id)
    elif not progress.total:
        draw_title("A sweep", f"`{escape(sweep_id)}`")
        _draw_failure(progress)
    return progress


@st.fragment(run_every=POLL_SECONDS)
def _poll(sweep_id: str) -> None:
    progress = load_sweep_progress(get_store(), sweep_id)
    if not progress.active:
        st.rerun()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"{state_badge(progress.status)} **{escape(progress.suite or 'Sweep')}** `{progress.sweep_id}`")
            if progress.status == "running" and progress.pid and _draw_stop(sweep_id):
                stop_process(progress.pid)
                st.toast("Stopping. What was tried is kept.")
        st.progress(progress.fraction, text=escape(progress.words))
        st.markdown(escape(progress.best) or ":gray[No setting has been scored yet.]")


def _draw_stop(sweep_id: str) -> bool:
    words = "Keeps what was tried; can be resumed."
    return st.button("Stop", icon=":material/stop_circle:", key=f"stop-{sweep_id}", help=words)


def _draw_failure(progress: SweepProgress) -> None:
    if not progress.log and progress.status == "failed":
        st.error("There is no sweep with this id, and no log of one.", icon=":material/error:")
        return
    st.error("The sweep ended before it could begin. Its log says why.", icon=":material/error:")
    st.code(progress.log, language=None)
    st.caption(escape(progress.log_file))
