"""The widgets that filter and order cases. Each writes its choice into the address, and shows what the address says."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.views.case_filter import STATES, CaseFilter
from engine.views.case_table import CaseTable
from pages.ui.choosing import choose


def draw_chips(table: CaseTable, chosen: CaseFilter) -> None:
    """One click to the cases that need a look; counts are those of the other filters."""
    _show("flags", list(chosen.flags))
    st.pills(
        "Only cases that are",
        list(table.chips),
        selection_mode="multi",
        key="case-flags",
        format_func=lambda flag: table.chips.get(flag, flag),
        help=table.chip_help,
        on_change=_keep,
        args=("flags",),
    )


def draw_fields(table: CaseTable, chosen: CaseFilter) -> None:
    """Text, tag, state and order in sight; measure, kind and the run to compare with behind a button."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _show("find", chosen.text)
        st.text_input(
            "Search",
            key="case-find",
            placeholder="Id, question or answer",
            icon=":material/search:",
            width=230,
            on_change=_keep,
            args=("find",),
        )
        _show("states", list(chosen.states))
        st.multiselect(
            "State",
            list(STATES),
            key="case-states",
            format_func=STATES.get,
            placeholder="All",
            width=200,
            on_change=_keep,
            args=("states",),
        )
        _choose("tag", "Tag", dict(table.tags), chosen.tag, 180)
        _choose("sort", "Order", dict(table.sorts), chosen.sort, 200, default="severity")
        count = sum(map(bool, (chosen.measure, chosen.kind, chosen.against)))
        with st.popover(f"More{f' ({count})' if count else ''}", icon=":material/tune:", width="content"):
            _draw_more(table, chosen)


def _draw_more(table: CaseTable, chosen: CaseFilter) -> None:
    choose("Measure", {name: name for name in table.measures}, key="measure", placeholder="None")
    if chosen.measure:
        _show("range", (chosen.low if chosen.low is not None else 0.0, chosen.high if chosen.high is not None else 1.0))
        st.slider(f"{chosen.measure} between", 0.0, 1.0, step=0.01, key="case-range", on_change=_keep_range, width=330)
    choose("Kind", {kind: kind for kind in table.kinds}, key="kind")
    runs = {run: run for run in table.earlier_runs}
    newest = f"The complete run before: {table.against}" if table.against else "No run to compare with"
    choose("Compare with", runs, key="against", placeholder=newest)


def keep_page(key: str) -> None:
    """The page that was chosen, into the address."""
    st.query_params["page"] = str(st.session_state[key])


def _choose(name: str, label: str, options: dict[str, str], value: str, width: int, default: str | None = None) -> None:
    """A select box; a value of the address that is not among the options stays one, as nothing fits it."""
    if value and value not in options:
        options[value] = value
    _show(name, value or default)
    st.selectbox(
        label,
        list(options),
        index=None if default is None else 0,
        key=f"case-{name}",
        format_func=lambda option: options.get(option, option),
        placeholder="All",
        width=width,
        on_change=_keep,
        args=(name,),
    )


def _show(name: str, value: Any) -> None:
    st.session_state[f"case-{name}"] = value


def _keep(name: str) -> None:
    value = st.session_state[f"case-{name}"]
    text = ",".join(value) if isinstance(value, list) else str(value or "").strip()
    if text:
        st.query_params[name] = text
    else:
        st.query_params.pop(name, None)
    st.query_params.pop("page", None)


def _keep_range() -> None:
    low, high = st.session_state["case-range"]
    for name, value, end in (("low", low, 0.0), ("high", high, 1.0)):
        if value == end:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = f"{value:g}"
    st.query_params.pop("page", None)
