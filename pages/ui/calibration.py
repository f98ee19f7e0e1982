"""The parts of the Calibration screen."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.calibration.recalibration import recalibrate, reset_calibration
from engine.charts.calibration import build_reliability_chart
from engine.store import Store
from engine.views.calibration import AUC_HELP, ECE_HELP, Calibration, Reliability
from engine.views.calibration_runs import list_labelled_runs, load_applied, load_run_reliability
from engine.views.run_figures import Tile
from pages.ui.charts import draw_chart
from pages.ui.choosing import choose
from pages.ui.markup import escape
from pages.ui.progress import draw_facts
from pages.ui.states import draw_empty, shown_errors

ALL = "all sets"


def draw_fits(fits: Sequence[Calibration]) -> None:
    """One shipped fit: its diagram, its figures by data set, where it comes from."""
    names = {fit.title: fit for fit in fits}
    first = next(iter(names))
    with st.container(horizontal=True):
        fit = names[choose("Figure", {name: name for name in names}, key="figure", default=first, width=300) or first]
        parts = {ALL: (fit.tiles, fit.reliability)} | {s.name: (s.tiles, s.reliability) for s in fit.sets}
        chosen = ALL
        if fit.sets:
            chosen = choose("Data set", {n: n for n in parts}, key="set", default=ALL, width=300) or ALL
    tiles, reliability = parts[chosen]
    st.markdown(fit.lead)
    left, right = st.columns([3, 2], gap="medium") if tiles else (st.container(), st.container())
    with left:
        if reliability:
            _draw_reliability(reliability, f"reliability-{fit.title}")
        elif tiles:
            st.info(fit.note or "No bins were kept for this set, so there is no diagram.", icon=":material/info:")
    with right:
        _draw_tiles(tiles)
        if fit.table:
            st.markdown("##### By data set", help=f"AUC: {AUC_HELP} ECE: {ECE_HELP}" if tiles else None)
            st.table([dict(row) for row in fit.table], hide_index=True, border="horizontal")
        st.markdown("##### Where it comes from")
        draw_facts(fit.facts)


def draw_runs(store: Store) -> None:
    """Context quality against the gold spans of a team's own runs, and the way to a fit on them."""
    runs = list_labelled_runs(store)
    with shown_errors():
        if applied := load_applied():
            st.success(escape(applied.words), icon=":material/check_circle:")
            if st.button("Back to the shipped calibration", icon=":material/restart_alt:"):
                reset_calibration()
                st.rerun()
    if not runs:
        draw_empty(
            "No finished run yet",
            "A run over cases with gold spans shows how well context quality holds on your documents.",
            page="pages/suites.py",
            label="Run a suite",
            icon="science",
        )
        return
    chosen = st.multiselect(
        "Runs",
        list(runs),
        default=list(runs)[:1],
        format_func=lambda run: runs[run],
        key="runs",
        help="Question cases with gold spans, and unanswerable ones, are counted.",
    )
    if not chosen:
        st.caption("Choose one run or more.")
        return
    with shown_errors():
        found = load_run_reliability(store, chosen)
        _draw_tiles(found.tiles)
        st.info(escape(found.advice), icon=":material/info:")
        if found.reliability:
            with st.container(width=760):
                _draw_reliability(found.reliability, "reliability-runs")
        if st.button(
            "Correct context quality by these runs",
            icon=":material/model_training:",
            disabled=found.positives in (0, found.n),
            help="Two numbers are fitted on these cases and kept on this machine; the order of qualities stays as it is.",
        ):
            recalibrate(store, chosen)
            st.rerun()


def _draw_tiles(tiles: Sequence[Tile]) -> None:
    with st.container(horizontal=True):
        for tile in tiles:
            st.metric(tile.label, tile.value, help=tile.help, border=True, width="content")


def _draw_reliability(reliability: Reliability, key: str) -> None:
    draw_chart(build_reliability_chart(reliability), key)
    st.caption(
        "Dots on the dashed line are calibrated; above it the engine is too careful, below it too sure. Bars count cases."
    )
