"""The checklist of a phase: what a person confirms, with a link."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.store import Store
from engine.views.roadmap import PhaseView
from engine.views.roadmap_decisions import ChecklistRow, load_checklist
from pages.ui.markup import escape
from pages.ui.resources import get_zone
from pages.ui.ticking import draw_tick_form

BADGES = {
    "done": ":green-badge[:material/check_box: Done]",
    "not done": ":red-badge[:material/cancel: Not done]",
    "open": ":gray-badge[:material/check_box_outline_blank: Open]",
}


def draw_checklist(store: Store, view: PhaseView) -> None:
    """What counts at the gate first, then the document's own items."""
    checklist = load_checklist(store, view.roadmap, view.phase.number, get_zone())
    st.markdown(f"**{checklist.headline}** A tick is one person's word, with a link to what shows it.")
    counting = [row for row in checklist.phase_rows if row.counts]
    _draw_rows(store, view, "Goals that a person confirms", counting)
    _draw_rows(store, view, "Checklist of this phase", [row for row in checklist.phase_rows if not row.counts])
    _draw_rows(store, view, "Checklist of the whole roadmap", checklist.whole_rows)
    if not (checklist.phase_rows or checklist.whole_rows):
        st.info("There is nothing to confirm here. Items can be added under Edit.", icon=":material/checklist:")


def _draw_rows(store: Store, view: PhaseView, title: str, rows: Sequence[ChecklistRow]) -> None:
    if not rows:
        return
    st.markdown(f"##### {title}")
    with st.container(border=True):
        for row in rows:
            _draw_row(store, view, row)


def _draw_row(store: Store, view: PhaseView, row: ChecklistRow) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        claimed = " :orange-badge[:material/campaign: ticked in the document]" if row.in_document else ""
        note = f" · {escape(row.note)}" if row.note else ""
        st.markdown(
            f"{BADGES[row.state]} {escape(row.title)}{claimed}  \n:small[:gray[{escape(row.words)}{note}]]",
            width="stretch",
            help=f"From the document: {escape(row.source)}" if row.source else None,
        )
        if row.link:
            st.link_button("What shows it", row.link, icon=":material/link:", type="tertiary")
        label = "Tick" if row.state == "open" else "Change"
        with st.popover(label, icon=":material/task_alt:", key=f"list-{view.roadmap.name}-{row.item}"):
            draw_tick_form(store, view.roadmap, row.item, "list")
