"""The parts of the Roadmap screen beside the gate."""

from __future__ import annotations

import streamlit as st

from engine.charts.kpis import build_kpi_history, build_phase_comparison, build_timeline
from engine.views.roadmap import PhaseView
from pages.ui.charts import draw_chart
from pages.ui.choosing import choose
from pages.ui.markup import escape


def draw_kpis(view: PhaseView) -> None:
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


def draw_plan(view: PhaseView) -> None:
    """Time line, sub-phases, risks."""
    if view.timeline:
        draw_chart(
            build_timeline(view.timeline, "The plan, coloured by each phase's verdict", view.timeline_axis), "timeline"
        )
    if view.undated:
        st.caption("Without dates in the document: " + escape(", ".join(view.undated)))
    for sub in view.phase.sub_phases:
        with st.expander(f"{escape(sub.number)} {escape(sub.title)} · {escape(sub.duration)}"):
            for task in sub.tasks:
                st.markdown(f"- {escape(task)}")
            if sub.claimed:
                st.markdown(f":orange-badge[:material/campaign: Claimed] {escape(sub.claimed)}")
    if view.roadmap.risks:
        st.markdown("#### Risks that the document names")
        st.table(
            [
                {
                    "Risk": escape(r.title),
                    "Impact": escape(r.impact),
                    "Mitigation": escape(r.mitigation),
                    "Fallback": escape(r.fallback or r.contingency),
                }
                for r in view.roadmap.risks
            ],
            hide_index=True,
        )


def draw_document(view: PhaseView) -> None:
    """What the document says: claims, checklist, contradictions. None of it was measured here."""
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
    items = [*phase.checklist, *roadmap.checklist]
    if items:
        st.markdown("#### Checklist", help="A person confirms these; a tick of the document is a claim.")
        for item in items:
            mark = (
                ":orange-badge[:material/campaign: ticked in the document]"
                if item.done_in_document
                else ":gray-badge[:material/check_box_outline_blank: open]"
            )
            st.markdown(f"{mark} {escape(item.text)}")
    if roadmap.contradictions:
        st.markdown("#### Where the document disagrees with itself")
        for c in roadmap.contradictions:
            with st.expander(escape(c.topic)):
                for statement in c.statements:
                    st.markdown(f"- {escape(statement.text)} :gray[({escape(statement.source)})]")
                st.markdown(f"**Taken as the goal:** {escape(c.resolution)}")
    st.caption(f"Source: {escape(roadmap.document)}, {escape(roadmap.date)}. {escape(roadmap.summary)}")
