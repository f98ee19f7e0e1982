"""The history of benchmarks: chart, records, differences, and starting one."""

from __future__ import annotations

import streamlit as st

from engine.charts.benchmarks import build_bench_history
from engine.operations.launching import new_id, start_command
from engine.views.benchmarks import BenchHistory
from engine.views.progress import load_job_progress
from pages.ui.charts import draw_chart
from pages.ui.choosing import choose
from pages.ui.markup import escape, state_badge
from pages.ui.progress import POLL_SECONDS
from pages.ui.resources import get_store, get_zone


def draw_start(history: BenchHistory) -> None:
    """The button that measures, in a process of its own."""
    if not history.startable:
        st.caption(f"Needs a data set: `python -m engine bench {history.name} --data DIR`")
        return
    words = "Runs in a process of its own; nothing of your own state is touched."
    if st.button("Measure now", type="primary", icon=":material/speed:", help=words):
        job_id = new_id("bench")
        start_command(["bench", history.name, "--job-id", job_id], job_id)
        st.query_params.update({"bench": history.name, "job": job_id})
        st.rerun()


def draw_job(job_id: str) -> None:
    """A benchmark at work, or why it failed; nothing once it has ended well."""
    progress = load_job_progress(get_store(), job_id)
    if progress.active:
        _poll(job_id)
    elif progress.status in ("failed", "interrupted"):
        st.error(f"{escape(progress.message) or 'The benchmark ended early.'}", icon=":material/error:")
        if progress.log:
            with st.expander("Log", icon=":material/terminal:"):
                st.code(progress.log, language=None)


@st.fragment(run_every=POLL_SECONDS)
def _poll(job_id: str) -> None:
    progress = load_job_progress(get_store(), job_id)
    if not progress.active:
        st.query_params.pop("job", None)
        st.rerun()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"{state_badge(progress.status)} **{escape(progress.title or 'Benchmark')}**")
        st.caption("Measuring. This page can be closed; the benchmark goes on.")


def draw_chart_of(history: BenchHistory) -> None:
    """The figure over time."""
    if history.points:
        draw_chart(build_bench_history(history), "bench-history")
        st.caption(
            "● measured on the real thing, ◇ on a scripted stand-in: no data at a gate. Bars are 95 % intervals."
        )
    else:
        st.info("The chosen figure has no value in any record.", icon=":material/info:")


def draw_missing(history: BenchHistory) -> None:
    """What the newest record could not measure."""
    if history.missing:
        with st.expander(f"Not measured: {len(history.missing)}", icon=":material/construction:"):
            st.markdown("\n".join(f"- {escape(line)}" for line in history.missing))


def draw_records(history: BenchHistory) -> None:
    """The table of records, newest first."""
    column = st.column_config
    st.markdown("#### Records")
    st.dataframe(
        [record.cells for record in history.records],
        hide_index=True,
        placeholder="–",
        key="bench-records",
        height="content" if len(history.records) < 12 else 440,
        column_config={
            "measured": column.DatetimeColumn("Measured", format="D MMM YYYY, HH:mm", timezone=get_zone()),
            "value": column.NumberColumn(history.figure or "Value", format="%.4g"),
            "low": column.NumberColumn("Low", format="%.4g", help="95 % interval"),
            "high": column.NumberColumn("High", format="%.4g", help="95 % interval"),
            "kind": column.TextColumn("Measured on"),
            "settings": column.TextColumn("Settings"),
            "data": column.TextColumn("Data"),
            "commit": column.TextColumn("Commit"),
            "machine": column.TextColumn("Machine"),
            "seconds": column.NumberColumn("Took", format="%.1f s"),
            "record": column.TextColumn("Record"),
        },
    )


def draw_differences(history: BenchHistory) -> None:
    """Two records beside each other, and their JSON."""
    labels = {record.bench_id: record.label for record in history.records}
    st.markdown("#### Before and after")
    if len(labels) < 2:
        st.caption("A second record is needed to compare with.")
    else:
        with st.container(horizontal=True):
            choose("Before", labels, key="before", default=history.before, width=400)
            choose("After", labels, key="after", default=history.after, width=400)
        column = st.column_config
        st.dataframe(
            list(history.differences),
            hide_index=True,
            placeholder="–",
            key="bench-differences",
            height="content" if len(history.differences) < 16 else 560,
            column_config={
                "figure": column.TextColumn("Figure", width="large"),
                "before": column.NumberColumn("Before", format="%.4g"),
                "after": column.NumberColumn("After", format="%.4g"),
                "change": column.NumberColumn("Change", format="%+.1f %%"),
                "apart": column.TextColumn("Beyond chance?", help="Whether the two 95 % intervals overlap."),
            },
        )
    chosen = next(record for record in history.records if record.bench_id == history.after)
    st.download_button(
        f"JSON of {chosen.label}",
        chosen.content,
        f"bench-{history.name}-{chosen.bench_id}.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
    )
