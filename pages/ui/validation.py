"""A validation: its form, its parts while they work and after, its report."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.operations.launching import new_id, start_command, stop_process
from engine.views.validation import PartChoice, PartLine, ValidationLine, ValidationView, load_validation_view
from pages.ui.links import draw_step
from pages.ui.markup import escape, state_badge, verdict_badge
from pages.ui.progress import POLL_SECONDS
from pages.ui.resources import get_store, get_zone
from pages.ui.states import draw_title
from pages.ui.tables import draw_opening_table


def draw_form(roadmap: str, phase: int, policy: str, parts: Sequence[PartChoice]) -> None:
    """What each part does, which of them to run, and the button."""
    titles = {part.name: part.title for part in parts}
    chosen = st.pills(
        "Parts",
        list(titles),
        selection_mode="multi",
        default=list(titles),
        format_func=lambda name: titles[name],
        key="parts",
        help="All are needed for a verdict on the phase; each can be run alone.",
    )
    with st.expander("What the parts do", icon=":material/info:"):
        for part in parts:
            note = f" :gray[Not needed here: {escape(part.not_needed)}.]" if part.not_needed else ""
            st.markdown(f"**{part.title}**: {part.summary}{note}")
    with st.container(horizontal=True, vertical_alignment="center"):
        start = st.button("Validate", type="primary", icon=":material/verified:", disabled=not chosen)
        fresh = st.toggle("Run everything again", key="fresh", help="Without it, complete current runs are taken.")
    if start:
        validation_id = new_id("validation")
        arguments = ["validate", "--roadmap", roadmap, "--phase", str(phase), "--policy", policy]
        arguments += ["--validation-id", validation_id, "--format", "html,pdf,md,json"]
        arguments += ["--fresh"] if fresh else []
        for name in chosen if len(chosen) < len(titles) else ():
            arguments += ["--part", name]
        start_command(arguments, validation_id)
        st.query_params.from_dict({"validation": validation_id})
        st.rerun()


def draw_list(lines: Sequence[ValidationLine]) -> None:
    """Earlier validations; a selected cell opens one."""
    st.markdown("#### Earlier validations")
    if not lines:
        st.info("No phase has been validated yet. Start with the button above.", icon=":material/verified:")
        return
    column = st.column_config
    draw_opening_table(
        [line.cells for line in lines],
        [line.validation_id for line in lines],
        {
            "phase": column.TextColumn("Phase", width="large"),
            "verdict": column.TextColumn("Verdict"),
            "state": column.TextColumn("State"),
            "parts": column.TextColumn("Required parts"),
            "started": column.DatetimeColumn("Started", format="D MMM, HH:mm", timezone=get_zone()),
            "validation": column.TextColumn("Validation"),
        },
        page="pages/validation.py",
        parameter="validation",
    )


def draw_validation(validation_id: str) -> None:
    """One validation, polled while it works."""
    draw_step("pages/validation.py", "All validations", "arrow_back", {})
    view = load_validation_view(get_store(), validation_id)
    draw_title(view.title, f"Validation {escape(validation_id)}")
    if view.active:
        _poll(validation_id)
        return
    _draw_head(view)
    _draw_files(view)
    _draw_parts(view)


@st.fragment(run_every=POLL_SECONDS)
def _poll(validation_id: str) -> None:
    view = load_validation_view(get_store(), validation_id)
    if not view.active:
        st.rerun()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"{state_badge(view.status)} {escape(view.words)}")
            if view.status == "running" and view.pid and st.button("Stop", icon=":material/stop_circle:"):
                stop_process(view.pid)
                st.toast("Stopping. What was finished is kept.")
        st.progress(view.fraction)
    _draw_parts(view)


def _draw_head(view: ValidationView) -> None:
    if view.status == "finished":
        st.markdown(f"{verdict_badge(view.verdict)} **{view.sentence}** :gray[{escape(view.words)}]")
        return
    if not view.total:
        st.error("The validation ended before it could begin. Its log says why.", icon=":material/error:")
        st.code(view.log or "There is no log of it.", language=None)
        return
    words = escape(view.error) if view.error else f"Stopped: {escape(view.words)}. What was finished is kept."
    st.warning(words, icon=":material/pause_circle:")
    if st.button("Go on", type="primary", icon=":material/play_arrow:"):
        start_command(["validate", "--resume", view.validation_id, "--format", "html,pdf,md,json"], view.validation_id)
        st.rerun()


def _draw_parts(view: ValidationView) -> None:
    for part in view.parts:
        if part.required:
            with st.container(border=True):
                _draw_part(part)
    for part in view.parts:
        if not part.required:
            st.caption(f":material/remove: **{part.title}**: {escape(part.reason)}.")


def _draw_part(part: PartLine) -> None:
    if part.status in ("finished", "failed"):
        badge = verdict_badge(part.verdict)
    else:
        badge = ":gray-badge[:material/schedule: Waiting]" if part.status == "waiting" else state_badge(part.status)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{badge} **{part.title}**")
        st.caption(part.seconds)
    if part.status == "running":
        st.progress(part.fraction, text=escape(part.message) or "Working …")
    elif part.reason:
        st.markdown(escape(part.reason))
    if part.steps:
        with st.expander(part.counted, icon=":material/checklist:"):
            st.markdown("\n".join(f"- {verdict_badge(verdict)} {escape(text)}" for verdict, text in part.steps))
    if part.runs:
        with st.container(horizontal=True):
            for run in part.runs:
                st.page_link("pages/runs.py", label=run, icon=":material/science:", query_params={"run": run})


def _draw_files(view: ValidationView) -> None:
    if view.files:
        with st.container(horizontal=True):
            for file in view.files:
                st.download_button(
                    file.name, file.path.read_bytes(), file.name, file.media_type,
                    icon=":material/download:", key=f"download-{file.name}", on_click="ignore",
                )  # fmt: skip
    if view.lost:
        st.caption(f"No longer there: {escape(', '.join(view.lost))}")
