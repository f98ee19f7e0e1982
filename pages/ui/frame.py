"""The frame around every screen: navigation by the kind of work, and the status strip."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from engine.errors import PhasegateError
from engine.operations.queue_worker import ensure_worker
from engine.views.frame import load_frame
from pages.ui.markup import escape
from pages.ui.person import draw_person
from pages.ui.resources import get_store
from pages.ui.states import draw_error

ICON = str(Path(__file__).with_name("icon.png"))
GROUPS = {
    "": [("overview", "Overview", "dashboard")],
    "Build": [("ask", "Ask", "forum"), ("tuning", "Tuning lab", "tune"), ("corpora", "Corpora", "library_books")],
    "Evaluate": [
        ("suites", "Suites", "checklist"),
        ("targets", "Targets", "lan"),
        ("judges", "Judges", "gavel"),
        ("runs", "Runs", "science"),
        ("compare", "Compare", "compare_arrows"),
        ("sweeps", "Sweeps", "grain"),
    ],
    "Decide": [
        ("roadmap", "Roadmap", "flag"),
        ("readiness", "Readiness", "task_alt"),
        ("validation", "Validation", "verified"),
        ("reports", "Reports", "description"),
    ],
    "Operate": [
        ("live", "Live", "monitoring"),
        ("alerts", "Alerts", "notifications"),
        ("guards", "Guards", "shield"),
        ("benchmarks", "Benchmarks", "speed"),
        ("calibration", "Calibration", "balance"),
        ("settings", "Settings", "settings"),
    ],
}
# Where work is watched: its page, and the query parameter that holds its id.
WATCHED = {
    "run": ("pages/suites.py", "run"),
    "sweep": ("pages/sweeps.py", "sweep"),
    "bench": ("pages/benchmarks.py", "bench"),
    "validation": ("pages/validation.py", "validation"),
    "rescore": ("pages/runs.py", "run"),
}


def draw_frame() -> None:
    """Navigation, strip and the chosen screen. An error of ours is shown; the frame stays usable."""
    st.set_page_config(page_title="Phasegate", page_icon=ICON, layout="wide", initial_sidebar_state=236)
    pages = {
        group: [
            st.Page(f"pages/{name}.py", title=title, icon=f":material/{icon}:", default=name == "overview")
            for name, title, icon in entries
        ]
        for group, entries in GROUPS.items()
    }
    pages[""].append(st.Page("pages/guide.py", title="Guide", visibility="hidden"))
    pages[""].append(st.Page("pages/suite_editor.py", title="Suite editor", visibility="hidden"))
    chosen = st.navigation(pages, expanded=True)
    try:
        with st.sidebar:
            draw_status()
            draw_person()
        chosen.run()
    except PhasegateError as error:
        draw_error(error)
        st.page_link(chosen, label=f"Back to {chosen.title}", icon=":material/arrow_back:", query_params={})


@st.fragment(run_every=5)
def draw_status() -> None:
    """Store role, running work, version; refreshed by itself."""
    try:
        frame = load_frame(get_store())
    except PhasegateError as error:
        st.markdown(":red-badge[:material/database_off: Store out of reach]", help=escape(error.message))
        return
    for work in frame.running:
        page, parameter = WATCHED.get(work.kind, ("pages/corpora.py", "corpus"))
        query = {parameter: work.identifier}
        st.page_link(
            page,
            label=f"{escape(work.title)}: {work.done} of {work.total}",
            icon=":material/play_circle:",
            query_params=query,
        )
        st.progress(work.fraction)
    for waiting in frame.waiting:
        query = {"run": waiting.subject}
        st.page_link(
            "pages/suites.py",
            label=f"{escape(waiting.title)}: waiting",
            icon=":material/hourglass_empty:",
            query_params=query,
        )
    if frame.waiting:
        ensure_worker(get_store())  # a worker that was killed must not leave the queue lying
    running = f"{len(frame.running)} running" if frame.running else "nothing running"
    running += f", {len(frame.waiting)} waiting" if frame.waiting else ""
    st.caption(f":material/database: {frame.role} · {running} · {frame.version}", help=frame.role_words)
