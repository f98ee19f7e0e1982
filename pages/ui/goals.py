"""Goals of a gate, one line each: verdict, value against goal, evidence, and what can be done about it."""

from __future__ import annotations

import streamlit as st

from engine.roadmap.waivers import give_waiver, withdraw_waiver
from engine.store import Store
from engine.views.roadmap import GoalRow, PhaseView
from engine.views.roadmap_decisions import waiver_days
from pages.ui.markup import escape, verdict_badge, waived_badge, write_code
from pages.ui.person import get_person
from pages.ui.starting import start_run
from pages.ui.states import shown_errors
from pages.ui.ticking import draw_tick_form

WIDTHS = [4, 3.6, 2.6]


def draw_goals(store: Store, view: PhaseView) -> None:
    """The gate's goals, one box each."""
    if not view.goals:
        st.info("The document sets no goal for this phase that could be measured.", icon=":material/info:")
        return
    for goal in view.goals:
        with st.container(border=True):
            _draw_goal(store, view, goal)


def _draw_goal(store: Store, view: PhaseView, goal: GoalRow) -> None:
    kpi, why, evidence = st.columns(WIDTHS, vertical_alignment="center")
    waived = f" {waived_badge(goal.waived_until)}" if goal.waived_until else ""
    notes = " · ".join(escape(part) for part in (goal.interval, goal.counts) if part)
    lines = [
        f"{verdict_badge(goal.verdict)}{waived} **{escape(goal.title)}**",
        f"**{escape(goal.value)}** :small[against the goal {escape(goal.goal)}]",
    ]
    kpi.markdown("  \n".join([*lines, f":small[:gray[{notes}]]"] if notes else lines), help=_explain_goal(goal))
    more = f" :gray[{escape(goal.more)}]" if goal.more and goal.more not in goal.reason else ""
    words = f"  \n:small[:orange[Waived by {escape(goal.waiver)}]]" if goal.waiver else ""
    why.markdown(f":small[{escape(goal.reason)}{more}]{words}")
    with evidence.container(horizontal=True, vertical_alignment="center", gap="small"):
        _draw_evidence(store, view, goal)


def _explain_goal(goal: GoalRow) -> str:
    return f"The goal is from the document: {escape(goal.source)}. Under the value: its 95 % interval and the cases it rests on."


def _draw_evidence(store: Store, view: PhaseView, goal: GoalRow) -> None:
    key = f"{view.roadmap.name}-{view.phase.number}-{goal.kpi}"
    for run_id in goal.runs[:3]:
        st.page_link("pages/runs.py", label="Run", icon=":material/science:", query_params={"run": run_id}, help=run_id)
    if goal.link:
        st.link_button("What shows it", goal.link, icon=":material/link:", type="tertiary")
    if not goal.runs and goal.action:
        draw_start_button(goal.action, f"{key}-start", label="Run")
    elif goal.verdict == "no_data" and goal.command and not goal.runs:
        st.caption(write_code(goal.command))
    if goal.tick_item:
        with st.popover("Confirm" if not goal.link else "Change", icon=":material/task_alt:", key=f"{key}-tick"):
            draw_tick_form(store, view.roadmap, goal.tick_item)
    if goal.can_waive:
        with st.popover("Waive", icon=":material/pending_actions:", key=f"{key}-waive"):
            _draw_waiver_form(store, view, goal, key)
    elif goal.waived_until:
        with st.popover("End the waiver", key=f"{key}-end"):
            _draw_withdrawal(store, view, goal, key)


def _draw_waiver_form(store: Store, view: PhaseView, goal: GoalRow, key: str) -> None:
    first, last, offered = waiver_days()
    st.markdown(
        f"Let **{escape(goal.title)}** ({escape(goal.goal)}) pass for a time. What was measured stays on the screen and in "
        "every report, and after the last day the gate is red again."
    )
    with st.form(f"{key}-waiver", border=False, enter_to_submit=False):
        reason = st.text_area("Why may it be missed?", key=f"{key}-reason", placeholder="At least three words")
        until = st.date_input(
            "Until which day, that day included?", offered, min_value=first, max_value=last, key=f"{key}-until"
        )
        st.caption(f"Given by {escape(get_person())}.")
        if st.form_submit_button("Give the waiver", type="primary", icon=":material/pending_actions:"):
            with shown_errors():
                give_waiver(
                    store, view.roadmap, view.phase.number, goal.kpi, who=get_person(), reason=reason, until=until
                )
                st.toast("The waiver holds.", icon=":material/check:")
                st.rerun()


def _draw_withdrawal(store: Store, view: PhaseView, goal: GoalRow, key: str) -> None:
    st.markdown(f"**{escape(goal.title)}** then counts as it was measured.")
    reason = st.text_input("Why? (may stay empty)", key=f"{key}-why-end")
    if st.button("End it now", type="primary", key=f"{key}-withdraw"):
        with shown_errors():
            withdraw_waiver(store, view.roadmap, view.phase.number, goal.kpi, who=get_person(), reason=reason)
            st.toast("The waiver has ended.", icon=":material/check:")
            st.rerun()


def draw_start_button(suite: str, key: str, *, label: str = "") -> None:
    """Starts the suite and goes to its progress."""
    words = f"Runs the suite {suite}, which gives this evidence."
    if st.button(label or f"Run {suite}", icon=":material/play_arrow:", key=key, help=words):
        st.switch_page("pages/suites.py", query_params={"suite": suite, "run": start_run(suite)})
