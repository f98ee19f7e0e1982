"""The gate, the KPIs and the document on the Roadmap screen."""

from __future__ import annotations

import streamlit as st

from engine.charts.kpis import build_kpi_history, build_phase_comparison
from engine.store import Store
from engine.views.roadmap import PhaseView
from engine.views.roadmap_decisions import load_waiver_rows
from pages.ui.charts import draw_chart
from pages.ui.choosing import choose
from pages.ui.goals import draw_goals
from pages.ui.markup import escape
from pages.ui.resources import get_zone
from pages.ui.roadmap_signing import draw_sign_offs
from pages.ui.tables import draw_words


def draw_gate(store: Store, view: PhaseView) -> None:
    """Every goal, the signatures, the waivers, and the way to take it along."""
    roadmap, phase = view.roadmap.name, view.phase.number
    draw_goals(store, view)
    draw_sign_offs(store, view)
    waivers = load_waiver_rows(store, view.roadmap, phase, get_zone())
    if waivers:
        with st.expander(f"Waivers of this phase ({len(waivers)})", icon=":material/pending_actions:"):
            draw_words(waivers)
    with st.container(horizontal=True, vertical_alignment="center"):
        query = {"roadmap": roadmap, "phase": str(phase), "policy": view.gate.policy}
        st.page_link(
            "pages/reports.py",
            label="Take a report of this phase along",
            icon=":material/description:",
            query_params=query,
        )
    st.code(f"python -m engine gate --roadmap {roadmap} --phase {phase} --policy {view.gate.policy}", language="bash")


def draw_kpis(store: Store, view: PhaseView) -> None:
    """One KPI over time and over the phases."""
    titles = {goal.kpi: goal.title for goal in view.goals}
    if not titles:
        st.info("This phase sets no goal.", icon=":material/info:")
        return
    measured = [s.kpi for s in view.series if s.points]
    first = measured[0] if measured else next(iter(titles))
    kpi = choose("KPI", titles, key="kpi", default=first, width=420) or first
    series, comparison = view.find_series(kpi), view.find_comparison(kpi)
    left, right = st.columns([3, 2], gap="medium")
    if series:
        with left:
            draw_chart(build_kpi_history(series), f"history-{kpi}")
        for point in series.points[-1:]:
            left.page_link(
                "pages/runs.py",
                label="Open the newest run behind it",
                icon=":material/science:",
                query_params={"run": point.run_id},
            )
        if not series.points:
            left.caption("The line shows the goal; values appear with the first complete run.")
    if comparison:
        with right:
            draw_chart(build_phase_comparison(comparison), f"phases-{kpi}")
    details = view.roadmap.kpi(kpi)
    st.markdown(
        f"**What it is.** {escape(details.description)} {'Higher' if details.higher_is_better else 'Lower'} is better."
    )
    if details.evidence.reason:
        st.caption(escape(details.evidence.reason))


def draw_document(store: Store, view: PhaseView) -> None:
    """What the document says: claims, contradictions. None of it was measured here."""
    roadmap, phase = view.roadmap, view.phase
    st.warning(
        "What stands here was claimed in the document. Nobody measured it with Phasegate, and no gate reads it.",
        icon=":material/campaign:",
    )
    if phase.status_claimed:
        st.markdown(f"**Status of the phase according to the document:** {escape(phase.status_claimed)}")
    claims = [*phase.claims, *roadmap.claims, *roadmap.baselines]
    if claims:
        st.markdown("#### Claims")
        st.table(
            [{"Claim": escape(c.title), "As written": escape(c.text), "Where": escape(c.source)} for c in claims],
            hide_index=True,
        )
    if roadmap.contradictions:
        st.markdown("#### Where the document disagrees with itself")
        for c in roadmap.contradictions:
            with st.expander(escape(c.topic)):
                for statement in c.statements:
                    st.markdown(f"- {escape(statement.text)} :gray[({escape(statement.source)})]")
                st.markdown(f"**Taken as the goal:** {escape(c.resolution)}")
    st.caption(f"Source: {escape(roadmap.document)}, {escape(roadmap.date)}. {escape(roadmap.summary)}")
