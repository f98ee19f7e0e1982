"""The list of runs: filter in the URL, paged in the database, a download of what is shown."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.views.run_states import STATE_WORDS
from engine.views.runs import SORTS, RunFilter, RunList, load_runs
from engine.views.tables import build_csv
from pages.ui.choosing import choose
from pages.ui.links import draw_step
from pages.ui.resources import get_zone
from pages.ui.states import draw_empty, draw_title

STATES = {name: words for name, words in STATE_WORDS.items() if name not in ("starting", "waiting")}
COLUMNS = (
    "pinned",
    "suite",
    "tags",
    "state",
    "started",
    "cases",
    "success",
    "interval",
    "failed",
    "errors",
    "quality",
    "p95_ms",
    "preset",
    "seconds",
    "note",
    "run",
)


def draw_runs(store: Store) -> None:
    """Filter, table, pages."""
    draw_title("Runs", "Every suite that was run, from these screens or from a shell. Select a cell to open its run.")
    stored = load_runs(store, RunFilter())
    if not stored.stored:
        draw_empty(
            "No run yet",
            "A run puts the cases of a suite to the system and scores the answers.",
            page="pages/suites.py",
            label="Choose a suite",
            icon="science",
        )
        return
    runs = load_runs(store, _choose(stored), get_zone())
    if not runs.rows:
        st.info("No run fits this filter.", icon=":material/filter_alt_off:")
        draw_step("pages/runs.py", "Clear the filter", "close", {})
        return
    draw_run_table(runs.rows, runs.run_ids, "runs")
    _draw_foot(runs)


def draw_run_table(rows: tuple, run_ids: tuple[str, ...], key: str) -> None:  # type: ignore[type-arg]
    """The table; a selected cell opens its run."""
    column = st.column_config
    unused = [name for name in ("pinned", "tags", "note") if not any(row[name] for row in rows)]
    event = st.dataframe(
        rows,
        hide_index=True,
        placeholder="–",
        key=key,
        on_select="rerun",
        selection_mode="single-cell",
        height="content",
        column_order=[name for name in COLUMNS if name not in unused],
        column_config={
            "pinned": column.TextColumn("", help="Pinned on top; a run's own screen has the button.", width=36),
            "suite": column.TextColumn("Suite"),
            "tags": column.ListColumn("Tags"),
            "note": column.TextColumn("Note", width="medium"),
            "state": column.TextColumn("State"),
            "started": column.DatetimeColumn("Started", format="D MMM, HH:mm", timezone=get_zone()),
            "cases": column.TextColumn("Cases", help="Ended of asked for."),
            "success": column.ProgressColumn(
                "Success rate",
                format="percent",
                min_value=0,
                max_value=1,
                help="Passed ÷ judged; an error is a failure.",
            ),
            "interval": column.TextColumn("95 % interval", help="Wilson interval of the success rate."),
            "failed": column.NumberColumn("Failed"),
            "errors": column.NumberColumn("Errors"),
            "quality": column.NumberColumn("Quality", help="Mean context quality, 0 to 1.", format="%.3f"),
            "p95_ms": column.NumberColumn("p95", format="%.1f ms", help="Latency that 95 of 100 answers stay under."),
            "seconds": column.NumberColumn("Worked", format="%.1f s"),
            "preset": column.TextColumn("Preset"),
            "run": column.TextColumn("Run"),
        },
    )
    if event.selection.cells:
        st.switch_page("pages/runs.py", query_params={"run": run_ids[event.selection.cells[0][0]]})


def _choose(stored: RunList) -> RunFilter:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key="text",
            bind="query-params",
            placeholder="Id, suite, preset, target",
            icon=":material/search:",
            width=240,
        )
        suite = choose("Suite", {name: name for name in stored.suites}, key="suite", width=190)
        state = choose("State", STATES, key="status", width=150)
        tag = choose("Tag", {name: name for name in stored.tags}, key="tag", width=150) if stored.tags else ""
        sort = (
            choose(
                "Order", {name: words for name, (words, _) in SORTS.items()}, key="sort", default="newest", width=200
            )
            or "newest"
        )
    return RunFilter(
        suite=suite or "",
        status=state or "",
        text=text or "",
        tag=tag or "",
        sort=sort,
        page=int(st.session_state.get("page", 1) or 1),
    )


def _draw_foot(runs: RunList) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(runs.caption)
        if runs.pages > 1:
            st.pagination(runs.pages, key="page", bind="query-params")
        st.download_button(
            "Download as CSV",
            build_csv(runs.rows),
            "runs.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
