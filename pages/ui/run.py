"""One run: summary, failing cases first, labels, measures, distributions, tags, what made it."""

from __future__ import annotations

import streamlit as st

from engine.charts.distributions import build_histogram
from engine.charts.measures import build_measure_chart, build_tag_chart
from engine.store import Store
from engine.views.run import RunDetail, load_distributions, load_run
from engine.views.words import clock, milliseconds
from pages.ui.case_labels import draw_labels
from pages.ui.cases import draw_cases
from pages.ui.charts import draw_chart
from pages.ui.choosing import choose_section
from pages.ui.links import draw_step
from pages.ui.markup import escape, state_badge, verdict_badge, write_code
from pages.ui.progress import draw_facts, draw_run_progress
from pages.ui.resources import get_zone
from pages.ui.run_actions import draw_actions
from pages.ui.run_marks import draw_marks
from pages.ui.states import draw_title

SECTIONS = ("Cases", "Labels", "Measures", "Distributions", "Tags", "Settings")


def draw_run(store: Store, run_id: str) -> None:
    """The screen of one run."""
    run = load_run(store, run_id)
    draw_step("pages/runs.py", "All runs", "arrow_back", {})
    draw_title(
        f"Run of {escape(run.suite)}",
        f"{write_code(run.run_id)} · {clock(run.started_at, get_zone())} · {escape(run.preset) or 'own settings'}",
    )
    badges = state_badge(run.status) + (f" {verdict_badge(run.verdict)} pass rules" if run.verdict else "")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"{badges} &nbsp; **{escape(run.headline)}**", width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            draw_marks(store, run_id, run.mark)
            st.page_link(
                "pages/reports.py",
                label="Report",
                icon=":material/description:",
                query_params={"kind": "Run", "run": run_id},
            )
    if run.mark.note:
        st.markdown(f":material/sticky_note_2: {escape(run.mark.note)}")
    if st.session_state.get("said"):
        st.toast(st.session_state.pop("said"), icon=":material/check:")
    for note in run.notes:
        st.warning(escape(note), icon=":material/warning:")
    if run.status == "running":
        draw_run_progress(run_id)
    else:
        draw_actions(store, run)
    for column, tile in zip(st.columns(len(run.tiles), gap="xsmall"), run.tiles, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(tile.label, tile.value, help=tile.help)
            st.caption(tile.note)
    for rule in run.rules:
        st.markdown(
            f"{verdict_badge(rule.verdict)} {escape(rule.name.replace('_', ' '))}: {rule.value}, wanted {rule.wanted} :gray[({escape(rule.reason)})]"
        )
    section = choose_section(SECTIONS)
    {
        "Cases": lambda: draw_cases(store, run_id, running=run.status == "running"),
        "Labels": lambda: draw_labels(store, run_id),
        "Measures": lambda: _draw_measures(run),
        "Distributions": lambda: _draw_distributions(store, run_id),
        "Tags": lambda: _draw_tags(run),
        "Settings": lambda: _draw_settings(run),
    }[section]()


def _draw_measures(run: RunDetail) -> None:
    if not run.measures:
        st.info("Nothing was scored yet.", icon=":material/info:")
        return
    column = st.column_config
    st.dataframe(
        [m.cells for m in run.measures],
        hide_index=True,
        placeholder="–",
        height="content",
        column_config={
            "mean": column.ProgressColumn(format="%.3f", min_value=0, max_value=1),
            "interval": column.TextColumn("95 % interval"),
            "scored": column.TextColumn(help="Cases with a score, of those that the measure applies to."),
            "what it is": column.TextColumn(
                width="large", help="All lie between 0 and 1. Higher is better, but for noise sensitivity."
            ),
        },
    )
    draw_chart(build_measure_chart(run.measures, "Means with their 95 % intervals"), "measures")


def _draw_distributions(store: Store, run_id: str) -> None:
    spread = load_distributions(store, run_id)
    left, right = st.columns(2, gap="medium")
    if spread.latencies:
        title = f"Latency: 95 of 100 answers within {milliseconds(spread.marks.get('p95'))}"
        with left:
            draw_chart(build_histogram(spread.latencies, title, "milliseconds", marks=spread.marks), "latency")
    if spread.qualities:
        with right:
            title = "Context quality of the cases"
            draw_chart(build_histogram(spread.qualities, title, "probability", limits=(0.0, 1.0), bins=20), "quality")
    if not spread.latencies and not spread.qualities:
        st.info("No case has a latency or a context quality.", icon=":material/info:")


def _draw_tags(run: RunDetail) -> None:
    if not run.tags:
        st.info("The cases of this suite carry no tags.", icon=":material/info:")
        return
    draw_chart(build_tag_chart(run.tags, f"Success rate by tag; lowest: {run.tags[0].tag}"), "tags")


def _draw_settings(run: RunDetail) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Settings of the pipeline")
        draw_facts(run.settings)
    with right:
        st.markdown("##### What made this run")
        draw_facts(run.provenance)
