"""The parts of the overview."""

from __future__ import annotations

import streamlit as st

from engine.views.overview import KpiTile, Overview
from pages.ui.goals import draw_start_button
from pages.ui.markup import escape, gate_badge, verdict_badge, waived_badge

TREND_COLOURS = {"pass": "green", "fail": "red", "no_data": "gray"}


def draw_phases(overview: Overview) -> None:
    """A card per phase: verdict, goals, link to its gate."""
    per_row = 4 if len(overview.phases) > 3 else max(2, len(overview.phases))
    for first in range(0, len(overview.phases), per_row):
        columns = st.columns(per_row)
        for column, phase in zip(columns, overview.phases[first : first + per_row], strict=False):
            with column.container(border=True, height="stretch", gap="xsmall"):
                now = " :blue-badge[at hand]" if phase.is_current else ""
                st.markdown(f"{gate_badge(phase.verdict, phase.waived)}{now}  \n**{escape(phase.name)}**")
                st.caption(phase.words)
                query = {"roadmap": overview.roadmap, "phase": str(phase.number)}
                st.page_link("pages/roadmap.py", label="Gate", icon=":material/flag:", query_params=query)


def draw_tiles(overview: Overview) -> None:
    """Measured KPIs with goal, interval, trend and the link to their evidence."""
    st.markdown(
        "#### KPIs",
        help="Measured here, held against the goal of the phase at hand or of the first that sets one. The range under a goal is the 95 % interval.",
    )
    if not overview.tiles:
        st.info("Nothing that this roadmap asks for has been measured yet.", icon=":material/info:")
        return
    for first in range(0, len(overview.tiles), 4):
        for column, tile in zip(st.columns(4), overview.tiles[first : first + 4], strict=False):
            with column.container(border=True, height="stretch", gap="xsmall"):
                _draw_tile(tile, overview.roadmap)


def _draw_tile(tile: KpiTile, roadmap: str) -> None:
    st.metric(
        tile.title,
        tile.value,
        chart_data=list(tile.trend) or None,
        chart_type="area",
        delta_color=TREND_COLOURS[tile.verdict],  # type: ignore[arg-type]
        help=escape(tile.reason),
    )
    waived = f" {waived_badge(tile.waived_until)}" if tile.waived_until else ""
    st.markdown(f"{verdict_badge(tile.verdict)}{waived} :small[goal {escape(tile.goal)}]")
    st.caption(f"{escape(tile.interval)} · {tile.counts}" if tile.interval else tile.counts)
    with st.container(horizontal=True, gap="xxsmall"):
        if tile.runs:
            st.page_link("pages/runs.py", label="Run", icon=":material/science:", query_params={"run": tile.runs[0]})
        query = {"roadmap": roadmap, "phase": str(tile.phase), "kpi": tile.kpi}
        st.page_link("pages/roadmap.py", label="Trend", icon=":material/show_chart:", query_params=query)


def draw_attention(overview: Overview) -> None:
    """Missed goals first, then the runs that would give missing evidence, then what only a person can decide."""
    st.markdown("#### What needs attention")
    if not (overview.failing or overview.waived or overview.to_run or overview.by_hand):
        st.success("Nothing: every goal has evidence and is met.", icon=":material/check_circle:")
    for phase, goal in overview.failing:
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            words = f"**{escape(goal.title)}** in phase {phase}: {escape(goal.reason)}"
            st.markdown(f"{verdict_badge('fail')} {words}", width="stretch")
            st.page_link(
                "pages/runs.py" if goal.runs else "pages/roadmap.py",
                label="See the run" if goal.runs else "See the goal",
                icon=":material/arrow_forward:",
                query_params={"run": goal.runs[0]} if goal.runs else {"roadmap": overview.roadmap, "phase": str(phase)},
            )
    for suite in overview.to_run:
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"{verdict_badge('no_data')} **{escape(suite.suite)}** {escape(suite.words)}", width="stretch")
            draw_start_button(suite.suite, f"attention-{suite.suite}")
    for phase, goal in overview.waived:
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            badges = f"{verdict_badge(goal.verdict)} {waived_badge(goal.waived_until)}"
            words = f"in phase {phase}, by {escape(goal.waiver)}"
            st.markdown(f"{badges} **{escape(goal.title)}** {words}", width="stretch")
            query = {"roadmap": overview.roadmap, "phase": str(phase)}
            st.page_link("pages/roadmap.py", label="See the goal", icon=":material/arrow_forward:", query_params=query)
    if overview.by_hand:
        with st.expander(
            f"{len(overview.by_hand)} goals of the phase at hand that no run can decide", icon=":material/pan_tool:"
        ):
            for goal in overview.by_hand:
                st.markdown(
                    f"{verdict_badge('no_data')} **{escape(goal.title)}** ({escape(goal.goal)}): {escape(goal.reason)}"
                )
