"""The parts of the Reports screen: which report, its files, what it says."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.views.compare import load_choices, read_run_ids
from engine.views.overview import load_roadmap_choices
from engine.views.phases import load_phase_names
from engine.views.report_preview import FORMAT_WORDS, ReportPreview, ReportRequest, render_files
from pages.ui.choosing import choose
from pages.ui.compare import choose_runs
from pages.ui.resources import get_zone
from pages.ui.states import draw_empty, shown_errors


def choose_report(store: Store, kind: str) -> ReportRequest | None:
    """What the controls ask for; None, with a word on what is missing, where there is nothing to report on yet."""
    return {"phase": _choose_phase, "run": _choose_run, "comparison": _choose_comparison}[kind](store)


def _choose_phase(store: Store) -> ReportRequest | None:
    choices = load_roadmap_choices()
    if not choices.titles:
        st.info("There is no roadmap to report on.", icon=":material/flag:")
        return None
    with st.container(horizontal=True, vertical_alignment="top"):
        roadmap = choose("Roadmap", choices.titles, key="roadmap", default=choices.default) or choices.default
        phases = load_phase_names(roadmap)
        phase = int(choose("Phase", phases, key="phase", default=next(iter(phases))) or 1)
        policy = st.segmented_control(
            "Policy", ["point", "strict"], default="point", key="policy", bind="query-params", required=True
        )
    return ReportRequest(kind="phase", roadmap=roadmap, phase=phase, policy=policy)


def _choose_run(store: Store) -> ReportRequest | None:
    asked = st.query_params.get("run", "")
    offered = dict(load_choices(store, get_zone()).offered)
    if asked and asked not in offered:
        offered = {asked: asked} | offered
    if not offered:
        draw_empty(
            "No run has ended yet", "A report is of a run.", page="pages/suites.py", label="Run a suite", icon="science"
        )
        return None
    run = choose("Run", offered, key="run", default=next(iter(offered)), width=620)
    return ReportRequest(kind="run", run=run or next(iter(offered)))


def _choose_comparison(store: Store) -> ReportRequest | None:
    choices = load_choices(store, get_zone())
    asked = read_run_ids((), st.query_params.get("runs", ""))
    if len(choices.offered) < 2 and len(asked) < 2:
        draw_empty(
            "Two finished runs are needed",
            "A comparison holds runs of one suite against each other.",
            page="pages/suites.py",
            label="Run a suite",
            icon="compare_arrows",
        )
        return None
    runs, tolerance = choose_runs(choices, asked)
    if len(runs) < 2:
        st.info("Choose two to five runs. The first one chosen is the baseline.", icon=":material/compare_arrows:")
        return None
    return ReportRequest(kind="comparison", runs=runs, tolerance=tolerance)


def choose_formats(kind: str) -> list[str]:
    """The formats to make, each said in words."""
    words = FORMAT_WORDS[kind]
    formats = st.pills(
        "Formats",
        list(words),
        selection_mode="multi",
        default=["html", "md"] if kind == "comparison" else ["html", "pdf"],
        key="formats" if kind == "phase" else f"{kind}-formats",
        bind="query-params",
        format_func=str.upper,
    )
    st.caption("; ".join(words[name] for name in formats) or "Choose at least one format.")
    return list(formats)


def draw_files(store: Store, request: ReportRequest, formats: list[str]) -> None:
    """The button that makes the files, and a download for each once they are made."""
    made_for = (request, tuple(formats))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Make the files", type="primary", icon=":material/description:", disabled=not formats):
            with shown_errors(), st.spinner("Drawing the report …"):
                st.session_state["report-files"] = (made_for, render_files(store, request, formats))
        made = st.session_state.get("report-files")
        for file in made[1] if made and made[0] == made_for else ():
            st.download_button(
                f"{file.name.upper()}, {file.size}",
                file.content,
                file.file_name,
                file.media_type,
                icon=":material/download:",
                key=f"download-{file.name}",
                on_click="ignore",
            )


def draw_preview(preview: ReportPreview) -> None:
    """What the report says; what its Markdown folds away is folded here, too."""
    with st.container(border=True):
        for part in preview.parts:
            if part.title:
                with st.expander(part.title):
                    st.markdown(part.markdown)
            else:
                st.markdown(part.markdown)
