"""Goals of a gate, one line each: verdict, value against goal, evidence."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.views.roadmap import GoalRow
from pages.ui.markup import escape, verdict_badge
from pages.ui.starting import start_run

WIDTHS = [1.2, 2.7, 1.4, 2, 4, 1.4]


def draw_goals(goals: Sequence[GoalRow], key: str) -> None:
    """The gate's table."""
    if not goals:
        st.info("The document sets no goal for this phase that could be measured.", icon=":material/info:")
        return
    with st.container(border=True):
        for column, name in zip(
            st.columns(WIDTHS), ("Verdict", "KPI", "Goal", "Measured", "Why", "Evidence"), strict=True
        ):
            column.caption(f"**{name}**")
        for i, goal in enumerate(goals):
            _draw_goal(goal, f"{key}-{i}")


def _draw_goal(goal: GoalRow, key: str) -> None:
    verdict, kpi, wanted, measured, why, evidence = st.columns(WIDTHS, vertical_alignment="top")
    verdict.markdown(verdict_badge(goal.verdict))
    kpi.markdown(f"**{escape(goal.title)}**")
    wanted.markdown(escape(goal.goal), help=f"From the document: {escape(goal.source)}")
    interval = f"  \n:small[:gray[{escape(goal.interval)}]]" if goal.interval else ""
    counts = f"  \n:small[:gray[{goal.counts}]]" if goal.counts else ""
    measured.markdown(
        f"**{escape(goal.value)}**{interval}{counts}" if goal.interval else f"{escape(goal.value)}{counts}"
    )
    more = f" :small[:gray[{escape(goal.more)}]]" if goal.more and goal.more not in goal.reason else ""
    why.markdown(f":small[{escape(goal.reason)}]{more}")
    with evidence:
        for run_id in goal.runs[:3]:
            st.page_link(
                "pages/runs.py", label="Run", icon=":material/science:", query_params={"run": run_id}, help=run_id
            )
        if not goal.runs and goal.action:
            draw_start_button(goal.action, f"{key}-start", label="Run")


def draw_start_button(suite: str, key: str, *, label: str = "") -> None:
    """Starts the suite and goes to its progress."""
    words = f"Runs the suite {suite}, which gives this evidence."
    if st.button(label or f"Run {suite}", icon=":material/play_arrow:", key=key, help=words):
        st.switch_page("pages/suites.py", query_params={"suite": suite, "run": start_run(suite)})
