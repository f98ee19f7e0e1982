"""The maturity matrix: a grid with words, and each dimension's evidence."""

from __future__ import annotations

import streamlit as st

from engine.store import Store
from engine.views.readiness_maturity import DimensionLine, load_maturity
from pages.ui.markup import escape
from pages.ui.readiness import PROOF_BADGES, draw_proof_links
from pages.ui.states import draw_empty

VERDICTS = {
    "confirmed": ":green-badge[:material/check_circle: Confirmed]",
    "open": ":blue-badge[:material/hourglass_empty: Still possible]",
    "refuted": ":red-badge[:material/cancel: Not reached]",
    "no_data": ":gray-badge[:material/help: No data]",
    "unclaimed": ":gray-badge[:material/remove: Nothing claimed]",
}


def draw_maturity(store: Store, roadmap: str) -> None:
    """Before, claimed and measured, side by side."""
    view = load_maturity(store, roadmap)
    if not view.lines:
        draw_empty(
            "No maturity matrix",
            "This roadmap's document rates no dimensions. A file may do so under `maturity`; multi-agent has one.",
            page="pages/readiness.py",
            label="See that of multi-agent",
            query={"roadmap": "multi-agent", "show": "Maturity"},
            icon="grid_on",
        )
        return
    st.markdown(f"**{escape(view.headline)}**")
    st.table([_cells(line, view.before_label, view.after_label) for line in view.lines], hide_index=True)
    st.caption(escape(view.rule))
    st.markdown("#### Evidence by dimension")
    for line in view.lines:
        with st.expander(f"{escape(line.title)}: {escape(line.counts)}", icon=":material/fact_check:"):
            st.caption(escape(f"{line.note}. {line.source}") if line.note else escape(line.source))
            for place, proof in enumerate(line.proofs):
                with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                    st.markdown(
                        f"{PROOF_BADGES[proof.state]} **{escape(proof.title)}**, {escape(proof.wanted)}"
                        f"  \n:small[:gray[{escape(proof.reason)}]]",
                        width="stretch",
                    )
                    draw_proof_links(store, view.roadmap, proof, f"{roadmap}-{line.title}-{place}")


def _cells(line: DimensionLine, before: str, after: str) -> dict[str, str]:
    return {
        "Dimension": f"**{escape(line.title)}**",
        f"Document, {escape(before)}": escape(line.before),
        f"Claimed, {escape(after)}": f":orange[:material/campaign:] {escape(line.claimed)}",
        "Measured": f"{line.dots} {escape(line.level)}",
        "The claim is": VERDICTS[line.verdict],
    }
