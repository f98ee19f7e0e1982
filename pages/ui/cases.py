"""The cases of a run: chips, filter and order in the address, a page of rows, what can be done with them."""

from __future__ import annotations

import streamlit as st

from engine.errors import UnknownNameError
from engine.store import Store
from engine.views.case_filter import CaseFilter, read_filter
from engine.views.case_table import CaseTable, build_case_csv, count_ended, list_chosen, load_cases
from engine.views.words import plural
from pages.ui.case_actions import label_cases, save_cases
from pages.ui.case_filter import draw_chips, draw_fields, keep_page
from pages.ui.links import draw_step
from pages.ui.markup import escape
from pages.ui.resources import get_store

POLL_SECONDS = 3.0


@st.fragment
def draw_cases(store: Store, run_id: str, *, running: bool) -> None:
    """The section Cases of a run's screen; a filter draws it alone anew, not the figures above it."""
    try:
        _draw_section(store, run_id, running)
    except UnknownNameError:  # the run was deleted meanwhile: the whole screen has to say so
        st.rerun()


def _draw_section(store: Store, run_id: str, running: bool) -> None:
    chosen = read_filter(st.query_params)
    table = load_cases(store, run_id, chosen)
    if running:
        _watch_growth(run_id, table.ended)
    if not table.ended:
        st.info("No case has ended yet.", icon=":material/hourglass_top:")
        return
    draw_chips(table, chosen)
    draw_fields(table, chosen)
    if not table.rows:
        with st.container(border=True, horizontal_alignment="center"):
            words = f"No case is {escape(chosen.words)}." if chosen.flags else "No case fits this filter."
            st.markdown(f"**{words}**", text_alignment="center")
            st.caption(f"The run has {plural(table.ended, 'ended case')}.", text_alignment="center")
            draw_step("pages/runs.py", "Clear the filter", "filter_alt_off", {"run": run_id})
        return
    picked = _draw_table(run_id, table, chosen)
    _draw_foot(store, run_id, table, chosen, picked)


def _draw_table(run_id: str, table: CaseTable, chosen: CaseFilter) -> list[str]:
    """The page of rows; a selected cell opens its case. Gives the ids of the selected rows."""
    column = st.column_config
    event = st.dataframe(
        table.rows,
        hide_index=True,
        placeholder="–",
        key=f"cases-{table.page}",
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        height="content",
        column_config={
            "state": column.TextColumn(width="small"),
            "question": column.TextColumn(width="large"),
            "before": column.TextColumn("in the other run", help=f"State in {table.against}.", width="small"),
            "quality": column.NumberColumn("context quality", format="%.3f"),
            "latency": column.NumberColumn(format="%.1f ms"),
            "labels": column.TextColumn(help="✔ right, ✘ wrong, ? unsure; and who says so."),
            chosen.measure: column.NumberColumn(format="%.3f"),
        },
    )
    if event.selection.cells:
        case_id = table.case_ids[event.selection.cells[0][0]]
        st.switch_page("pages/runs.py", query_params={"run": run_id, "case": case_id} | chosen.address)
    return [table.case_ids[row] for row in event.selection.rows]


def _draw_foot(store: Store, run_id: str, table: CaseTable, chosen: CaseFilter, picked: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(escape(table.caption))
        if table.pages > 1:
            key = f"cases-at-{table.page}"  # a page of its own each: the address says which, not the widget
            st.pagination(table.pages, default=table.page, key=key, on_change=keep_page, args=(key,))
    scope = f"{plural(len(picked), 'selected case')}" if picked else table.scope
    with st.container(horizontal=True, vertical_alignment="center"):
        first = {"run": run_id, "case": picked[0] if picked else table.case_ids[0]} | chosen.address
        draw_step("pages/runs.py", "Read them one by one", "arrow_forward", first)
        if st.button(
            "Save as suite",
            icon=":material/library_add:",
            help=f"Saves {scope} as a suite of their own.",
            key="save-suite",
        ):
            save_cases(run_id, picked or list_chosen(store, run_id, chosen), scope)
        if st.button("Label all", icon=":material/rate_review:", help=f"One label for {scope}.", key="label-all"):
            label_cases(run_id, picked or list_chosen(store, run_id, chosen), scope)
        st.download_button(
            f"Download {plural(table.total, 'case')} as CSV",
            lambda: build_case_csv(store, run_id, chosen),
            f"{run_id}-cases.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="Every case of this filter, on all its pages, with these columns.",
        )
        if picked:
            st.caption(f"For {scope}.")


@st.fragment(run_every=POLL_SECONDS)
def _watch_growth(run_id: str, shown: int) -> None:
    """Says how many cases have ended since the table was drawn; the table moves only when it is asked to."""
    more = count_ended(get_store(), run_id) - shown
    if more > 0 and st.button(
        f"Show {plural(more, 'more case')} that ended since", icon=":material/refresh:", key="grow"
    ):
        st.rerun()
