"""Long work, polled from the store: a reload or a second browser sees the same."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from engine.operations.launching import stop_process
from engine.store.queue import QueueStore
from engine.views.progress import JobProgress, RunProgress, load_job_progress, load_run_progress
from engine.views.words import milliseconds, plural
from pages.ui.markup import escape, state_badge
from pages.ui.resources import get_store
from pages.ui.states import shown_errors

POLL_SECONDS = 1.0


def draw_run_progress(run_id: str) -> RunProgress:
    """A run while it works and after its end; the rest of the screen is redrawn when it ends."""
    progress = load_run_progress(get_store(), run_id)
    if progress.active:
        _poll_run(run_id)
    else:
        _draw_run(progress)
    return progress


@st.fragment(run_every=POLL_SECONDS)
def _poll_run(run_id: str) -> None:
    progress = load_run_progress(get_store(), run_id)
    if not progress.active:
        st.rerun()
    _draw_run(progress)


def _draw_run(progress: RunProgress) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"{state_badge(progress.status)} **{escape(progress.suite or 'Run')}** `{progress.run_id}`")
            if progress.status == "running" and progress.pid and _draw_stop(progress.run_id):
                stop_process(progress.pid)
                st.toast("Stopping after the case at hand.")
        if progress.status == "waiting":
            st.progress(0.0, text=f"Waiting for {plural(progress.before or 0, 'run')} before it; it begins by itself.")
            if st.button("Take it out of the queue", icon=":material/close:", key=f"cancel-{progress.run_id}"):
                with shown_errors():
                    QueueStore(get_store()).cancel_work(progress.run_id)
                    st.rerun(scope="app")
            return
        if progress.status == "cancelled":
            st.caption("Taken out of the queue before it began.")
            return
        if progress.status == "starting":
            st.progress(0.0, text="Starting: opening the corpus and the model …")
            return
        st.progress(progress.fraction, text=progress.words)
        with st.container(horizontal=True):
            st.markdown(f":green-badge[:material/check_circle: {progress.passed} passed]")
            st.markdown(f":red-badge[:material/cancel: {progress.failed} failed]")
            st.markdown(f":violet-badge[:material/error: {progress.errors} errors]")
            st.markdown(f":gray-badge[:material/help: {progress.unscored} unscored]")
        if progress.status == "running":
            for case in progress.last:
                line = case.question.splitlines()[0][:110] if case.question else ""
                st.markdown(
                    f"{state_badge(case.status)} `{case.case_id}` {escape(line)} :gray[{milliseconds(case.latency_ms)}]"
                )
        if progress.status == "interrupted" and progress.error:
            st.warning(escape(progress.error), icon=":material/pause_circle:")
        _draw_failure(progress.status, progress.error, progress.log, progress.log_file)
        if progress.status == "running" and progress.log:
            with st.expander("Live log", icon=":material/terminal:"):
                st.code(progress.log[-1500:], language=None)
                st.caption(escape(progress.log_file))


def _draw_stop(run_id: str) -> bool:
    words = "Keeps what was scored; can be resumed."
    return st.button("Stop", icon=":material/stop_circle:", key=f"stop-{run_id}", help=words)


def _draw_failure(status: str, error: str, log: str, log_file: str = "") -> None:
    if status != "failed":
        return
    st.error(escape(error) or "The work ended before it could begin. Its log says why.", icon=":material/error:")
    if log:
        with st.expander("Log", icon=":material/terminal:", expanded=True):
            st.code(log, language=None)
            st.caption(escape(log_file))


def draw_job_progress(job_id: str) -> JobProgress:
    """An ingest while it works and after its end."""
    progress = load_job_progress(get_store(), job_id)
    if progress.active:
        _poll_job(job_id)
    else:
        _draw_job(progress)
    return progress


@st.fragment(run_every=POLL_SECONDS)
def _poll_job(job_id: str) -> None:
    progress = load_job_progress(get_store(), job_id)
    if not progress.active:
        st.rerun()
    _draw_job(progress)


def _draw_job(progress: JobProgress) -> None:
    with st.container(border=True):
        st.markdown(f"{state_badge(progress.status)} **{escape(progress.title or 'Ingest')}**")
        if progress.active:
            st.progress(progress.fraction, text=escape(progress.message) or "Starting: reading files …")
        elif progress.message:
            st.caption(escape(progress.message))
        _draw_failure(progress.status, progress.message, progress.log)
        if progress.status == "interrupted":
            st.warning(
                "The ingest was interrupted; the previous index still answers. Start it again.",
                icon=":material/pause_circle:",
            )


def draw_facts(facts: Mapping[str, str]) -> None:
    """Names and values, two columns."""
    st.table([{"": name, "value": escape(value)} for name, value in facts.items()], hide_index=True, hide_header=True)
