"""The plan of a roadmap, its risks, and the trail of what people changed and decided."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from engine.charts.kpis import build_timeline
from engine.store import Store
from engine.views.roadmap import PhaseView
from engine.views.roadmap_decisions import load_audit_rows
from pages.ui.charts import draw_chart
from pages.ui.markup import escape
from pages.ui.resources import get_zone


def draw_plan(store: Store, view: PhaseView) -> None:
    """Time line, sub-phases, risks."""
    if view.plan.bars:
        draw_chart(build_timeline(view.plan), "timeline")
    if view.plan.undated:
        st.caption("Without dates: " + escape(", ".join(view.plan.undated)))
    for sub in view.phase.sub_phases:
        with st.expander(f"{escape(sub.number)} {escape(sub.title)} · {escape(sub.duration)}"):
            for task in sub.tasks:
                st.markdown(f"- {escape(task)}")
            if sub.claimed:
                st.markdown(f":orange-badge[:material/campaign: Claimed] {escape(sub.claimed)}")
    st.markdown("#### Risks")
    if not view.roadmap.risks:
        st.info("This roadmap names no risk. One can be added under Edit.", icon=":material/info:")
        return
    st.table(
        [
            {
                "Risk": escape(r.title),
                "Owner": escape(r.owner) if r.owner else ":orange[nobody yet]",
                "Likelihood and impact": _join({"Likelihood": r.likelihood, "": r.impact}),
                "What is done": _join({"": r.mitigation, "Fallback": r.fallback, "Contingency": r.contingency}),
            }
            for r in view.roadmap.risks
        ],
        hide_index=True,
    )


def _join(parts: Mapping[str, str]) -> str:
    """What is said, each with its name; a dash when nothing is."""
    lines = [f"{name}: {escape(text)}" if name else escape(text) for name, text in parts.items() if text]
    return "  \n".join(lines) or "–"


def draw_history(store: Store, view: PhaseView) -> None:
    """Who changed or decided what, when and why; newest first."""
    rows = load_audit_rows(store, view.roadmap.name, get_zone())
    if not rows:
        st.info("Nobody has changed or decided anything on this roadmap yet.", icon=":material/history:")
        return
    st.caption("Entries are added, never changed.")
    st.dataframe(
        [
            {"When": r.when, "Who": r.who, "What": r.action, "Where": r.subject, "Change": r.change, "Why": r.reason}
            for r in rows
        ],
        hide_index=True,
        row_height=38,
        column_config={
            "When": st.column_config.TextColumn(width=125),
            "Who": st.column_config.TextColumn(width=80),
            "What": st.column_config.TextColumn(width=120),
            "Where": st.column_config.TextColumn(width=150),
            "Change": st.column_config.TextColumn(width=270),
            "Why": st.column_config.TextColumn(width=250),
        },
    )
