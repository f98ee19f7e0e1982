"""One run: summary, failing cases first, measures, distributions, tags, what made it."""

from __future__ import annotations

import streamlit as st

from engine.charts.distributions import build_histogram
from engine.charts.measures import build_measure_chart, build_tag_chart
from engine.store import Store
from engine.views.run import CASE_WORDS, CaseRow, RunDetail, load_run
from engine.views.tables import build_csv
from engine.views.words import clock, milliseconds, plural
from pages.ui.charts import draw_chart
from pages.ui.choosing import choose
from pages.ui.markup import escape, state_badge, verdict_badge
from pages.ui.progress import draw_facts, draw_run_progress
from pages.ui.resources import get_zone
from pages.ui.starting import resume_run
from pages.ui.states import draw_title, shown_errors

SECTIONS = ("Cases", "Measures", "Distributions", "Tags", "Settings")


def draw_run(store: Store, run_id: str) -> None:
    """The screen of one run."""
    run = load_run(store, run_id)
    st.page_link("pages/runs.py", label="All runs", icon=":material/arrow_back:")
    draw_title(
        f"Run of {escape(run.suite)}",
        f"`{run.run_id}` · {clock(run.started_at, get_zone())} · {escape(run.preset) or 'own settings'}",
    )
    badges = state_badge(run.status) + (f" {verdict_badge(run.verdict)} pass rules" if run.verdict else "")
    st.markdown(f"{badges} &nbsp; **{run.headline}**")
    for note in run.notes:
        st.warning(escape(note), icon=":material/warning:")
    if run.status == "running":
        draw_run_progress(run_id)
    if run.resume_command:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Resume", icon=":material/play_arrow:", type="primary"):
                with shown_errors():
                    resume_run(run.provenance.get("suite folder", run.suite), run_id)
                    st.switch_page("pages/suites.py", query_params={"run": run_id})
            st.code(run.resume_command, language="bash")
    for column, tile in zip(st.columns(len(run.tiles), gap="xsmall"), run.tiles, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(tile.label, tile.value, help=tile.help)
            st.caption(tile.note)
    for rule in run.rules:
        st.markdown(
            f"{verdict_badge(rule.verdict)} {escape(rule.name.replace('_', ' '))}: {rule.value}, wanted {rule.wanted} :gray[({escape(rule.reason)})]"
        )
    section = st.segmented_control(
        "Show",
        SECTIONS,
        default=SECTIONS[0],
        key="show",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    {
        "Cases": _draw_cases,
        "Measures": _draw_measures,
        "Distributions": _draw_distributions,
        "Tags": _draw_tags,
        "Settings": _draw_settings,
    }[section](run)


def _draw_cases(run: RunDetail) -> None:
    with st.container(horizontal=True, vertical_alignment="top"):
        states = st.pills(
            "State",
            list(CASE_WORDS),
            selection_mode="multi",
            key="states",
            bind="query-params",
            format_func=CASE_WORDS.get,
        )
        tag = choose("Tag", {t.tag: f"{t.tag} ({t.cases})" for t in run.tags}, key="tag", width=200)
        text = st.text_input(
            "Search", key="find", bind="query-params", placeholder="Id or question", icon=":material/search:", width=240
        )
    cases = run.select_cases(tuple(states), tag or "", text or "")
    if not cases:
        st.info("No case fits." if run.cases else "No case has ended yet.", icon=":material/filter_alt_off:")
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{plural(len(cases), 'case')}, errors and failures first. Select a cell to open the case.")
        first = {"run": run.run_id, "case": cases[0].case_id}
        st.page_link("pages/runs.py", label="Read them one by one", icon=":material/arrow_forward:", query_params=first)
    rows = [_case_cells(c) for c in cases]
    column = st.column_config
    event = st.dataframe(
        rows,
        hide_index=True,
        placeholder="–",
        key="cases",
        on_select="rerun",
        selection_mode="single-cell",
        height="content" if len(rows) < 16 else 560,
        column_config={
            "state": column.TextColumn(width="small"),
            "question": column.TextColumn(width="large"),
            "quality": column.NumberColumn("context quality", format="%.3f"),
            "latency": column.NumberColumn(format="%.1f ms"),
        },
    )
    if event.selection.cells:
        st.switch_page(
            "pages/runs.py", query_params={"run": run.run_id, "case": cases[event.selection.cells[0][0]].case_id}
        )
    st.download_button(
        "Download as CSV",
        build_csv(rows),
        f"{run.run_id}-cases.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _case_cells(case: CaseRow) -> dict[str, object]:
    return {
        "state": {"passed": "✔ passed", "failed": "✘ failed", "error": "⚠ error"}.get(case.status, "○ unscored"),
        "case": case.case_id,
        "question": case.question,
        "failed checks": case.failed_checks,
        "quality": case.quality,
        "latency": case.latency_ms,
        "tags": ", ".join(case.tags),
        "kind": case.kind,
    }


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
            "what it is": column.TextColumn(width="large", help="All lie between 0 and 1; higher is better."),
        },
    )
    draw_chart(build_measure_chart(run.measures, "Means with their 95 % intervals"), "measures")


def _draw_distributions(run: RunDetail) -> None:
    left, right = st.columns(2, gap="medium")
    if run.latencies:
        title = f"Latency: 95 of 100 answers within {milliseconds(run.latency_marks.get('p95'))}"
        with left:
            draw_chart(
                build_histogram([v for v, _ in run.latencies], title, "milliseconds", marks=run.latency_marks),
                "latency",
            )
    if run.qualities:
        with right:
            values = [v for v, _ in run.qualities]
            draw_chart(
                build_histogram(values, "Context quality of the cases", "probability", limits=(0.0, 1.0), bins=20),
                "quality",
            )
    if not run.latencies and not run.qualities:
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
