"""The assessment checklists: the document's box, what was measured, what a person confirmed."""

from __future__ import annotations

import streamlit as st

from engine.roadmap.types import Roadmap
from engine.store import Store
from engine.views.readiness_checklists import BoxLine, load_checklists
from pages.ui.markup import escape
from pages.ui.readiness import PROOF_BADGES
from pages.ui.roadmap_checklist import BADGES
from pages.ui.states import draw_empty
from pages.ui.ticking import draw_tick_form

WIDTHS = [5, 1.6]


def draw_checklists(store: Store, roadmap: str) -> None:
    """One box per heading of the document."""
    view = load_checklists(store, roadmap)
    if not view.checklists:
        draw_empty(
            "No checklist",
            "This roadmap's document lists nothing to tick. Items can be added on the Roadmap screen, under Edit.",
            page="pages/roadmap.py",
            label="Open the roadmap",
            query={"roadmap": roadmap, "show": "Edit"},
            icon="checklist",
        )
        return
    st.markdown(
        f"**{escape(view.headline)}.** What is measured decides; where nothing is, a person's tick with a link does. "
        "A box that the document ticks decides nothing."
    )
    for checklist in view.checklists:
        st.markdown(f"##### {escape(checklist.title)} :small[:gray[{escape(checklist.words)}]]", anchors=False)
        with st.container(border=True, gap="small"):
            for box in checklist.boxes:
                _draw_box(store, roadmap, box, view.roadmap)


def _draw_box(store: Store, roadmap: str, box: BoxLine, plan: Roadmap) -> None:
    left, right = st.columns(WIDTHS, vertical_alignment="center")
    with left:
        claimed = " :orange-badge[:material/campaign: ticked in the document]" if box.in_document else ""
        by = f" :gray-badge[{escape(box.by)}]" if box.by else ""
        lines = [f"{BADGES[box.state]}{by} {escape(box.title)}{claimed}"]
        if box.proof:
            proof = f"{escape(box.proof.title)}, {escape(box.proof.wanted)}: {escape(box.proof.reason)}"
            lines.append(f":small[{PROOF_BADGES[box.proof.state]} :gray[{proof}]]")
        if box.said:
            lines.append(f":small[:gray[{escape(box.said)}]]")
        st.markdown("  \n".join(lines), help=f"From the document: {escape(box.source)}")
    with right.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right", gap="small"):
        if box.proof and box.proof.run:
            st.page_link("pages/runs.py", label="Run", icon=":material/science:", query_params={"run": box.proof.run})
        if box.link:
            st.link_button("What shows it", box.link, icon=":material/link:", type="tertiary")
        with st.popover("Change" if box.said else "Tick", icon=":material/task_alt:", key=f"box-{roadmap}-{box.item}"):
            draw_tick_form(store, plan, box.item, "box")
