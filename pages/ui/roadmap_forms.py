"""The forms for a phase: its goals, its words and dates, its checklist; and for the roadmap's heading."""

from __future__ import annotations

import dataclasses

import streamlit as st

from engine.roadmap.editing import Draft
from engine.roadmap.edits import add_phase, edit_heading, edit_phase, edit_rows, find_fields, remove_last_phase
from engine.views.roadmap_edit import SIGNS, GoalField, begin_goal, list_goal_fields, load_edit_options, write_goals
from pages.ui.markup import escape
from pages.ui.roadmap_desk import Desk
from pages.ui.states import shown_errors


def draw_goals_form(desk: Desk, phase: int) -> Draft:
    """One line a goal: how it is to be met, the number, its wording; goals are added and removed."""
    fields, gone = [], ""
    for goal in list_goal_fields(desk.seed, phase):
        field, remove = _draw_goal(desk, goal)
        fields.append(field)
        gone = goal.kpi if remove else gone
    draft = write_goals(desk.seed, phase, fields)
    if gone:
        desk.begin_again(write_goals(draft, phase, [f for f in fields if f.kpi != gone]))
        st.rerun()
    free = load_edit_options(draft, phase).free_kpis
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Another goal of this phase, for the KPI",
            list(free),
            index=None,
            format_func=lambda name: free.get(name, name),
            key=desk.key("new-goal"),
            width=380,
        )
        if (
            st.button("Add the goal", icon=":material/add:", key=desk.key("add-goal"), disabled=chosen is None)
            and chosen
        ):
            desk.begin_again(write_goals(draft, phase, [*fields, begin_goal(draft, chosen)]))
            st.rerun()
    return draft


def _draw_goal(desk: Desk, goal: GoalField) -> tuple[GoalField, bool]:
    with st.container(horizontal=True, vertical_alignment="center"):
        return _draw_goal_fields(desk, goal)


def _draw_goal_fields(desk: Desk, goal: GoalField) -> tuple[GoalField, bool]:
    st.markdown(f"**{escape(goal.title)}**", width=300)
    chosen, number = goal.sign, goal.value
    if goal.sign:
        chosen = st.selectbox(
            f"How {goal.title} is to be met",
            list(SIGNS),
            index=list(SIGNS).index(goal.sign),
            format_func=lambda s: SIGNS[s],
            key=desk.key(f"sign-{goal.kpi}"),
            label_visibility="collapsed",
            width=130,
        )
        number = st.number_input(
            f"Goal of {goal.title}",
            value=float(goal.value),
            step=1.0,
            format="%.10g",
            key=desk.key(f"value-{goal.kpi}"),
            label_visibility="collapsed",
            width=150,
        )
        st.markdown(escape(goal.unit), width=50)
    else:
        st.markdown("to be done", width=150)
    with st.popover("More", key=desk.key(f"more-{goal.kpi}")):
        text = st.text_input("Wording", goal.text, key=desk.key(f"text-{goal.kpi}"))
        source = st.text_input("Where it comes from", goal.source, key=desk.key(f"source-{goal.kpi}"))
        remove = st.button("Remove the goal", icon=":material/delete:", key=desk.key(f"remove-{goal.kpi}"))
    return dataclasses.replace(goal, sign=chosen, value=number, text=text, source=source), remove


def draw_phase_form(desk: Desk, phase: int) -> Draft:
    """Name, aim and dates of the phase; a phase is added at the end, and the last one removed."""
    fields = find_fields(desk.seed, phase)
    left, right = st.columns(2)
    label = left.text_input("Label", fields.get("label", ""), key=desk.key("label"))
    title = right.text_input("Title", fields.get("title", ""), key=desk.key("title"))
    aim = st.text_area("What it is to reach", str(fields.get("goal_text", "")).strip(), key=desk.key("goal-text"))
    columns = st.columns(4)
    start = columns[0].date_input("First day", fields.get("start"), key=desk.key("start"))
    end = columns[1].date_input("Last day", fields.get("end"), key=desk.key("end"))
    duration = columns[2].text_input("Duration in words", fields.get("duration", ""), key=desk.key("duration"))
    priority = columns[3].text_input("Priority", fields.get("priority", ""), key=desk.key("priority"))
    draft = edit_phase(
        desk.seed,
        phase,
        label=label,
        title=title,
        goal_text=aim,
        start=start,
        end=end,
        duration=duration,
        priority=priority,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Add a phase at the end", icon=":material/add:", key=desk.key("add-phase")):
            desk.begin_again(add_phase(draft, "", ""))
            st.rerun()
        words = "Only the last phase: waivers and signatures carry the numbers of phases."
        if st.button("Remove the last phase", icon=":material/delete:", key=desk.key("drop-phase"), help=words):
            with shown_errors():
                desk.begin_again(remove_last_phase(draft))
                st.rerun()
    return draft


def draw_checklist_form(desk: Desk, phase: int) -> Draft:
    """One line an item of the phase's checklist."""
    rows, gone = [], None
    for item in find_fields(desk.seed, phase).get("checklist") or []:
        with st.container(horizontal=True, vertical_alignment="center"):
            text = st.text_input(
                f"Item {item['id']}", item["text"], key=desk.key(f"item-{item['id']}"), label_visibility="collapsed"
            )
            rows.append({"id": item["id"], "text": text})
            words = f"Remove “{item['text']}”"
            if st.button("Remove", icon=":material/delete:", key=desk.key(f"drop-{item['id']}"), help=words):
                gone = item["id"]
    draft = edit_rows(desk.seed, "checklist", rows, phase)
    if gone:
        desk.begin_again(edit_rows(draft, "checklist", [row for row in rows if row["id"] != gone], phase))
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input("Another item", key=desk.key("new-item"), placeholder="What has a person to confirm?")
        if st.button("Add the item", icon=":material/add:", key=desk.key("add-item"), disabled=not text.strip()):
            desk.begin_again(edit_rows(draft, "checklist", [*rows, {"text": text.strip()}], phase))
            st.rerun()
    return draft


def draw_heading_form(desk: Desk, phase: int) -> Draft:
    """Title, summary, and the target that the gates judge."""
    fields = desk.seed.fields
    left, right = st.columns([3, 2])
    title = left.text_input("Title", fields.get("title", ""), key=desk.key("roadmap-title"))
    target = right.text_input(
        "Target that the gates judge",
        fields.get("target", "pipeline"),
        key=desk.key("target"),
        help="Gates read runs of this target alone: pipeline is the built-in one, else the name of a target that you set up.",
    )
    summary = st.text_area("Summary", str(fields.get("summary", "")).strip(), key=desk.key("summary"))
    return edit_heading(
        desk.seed, title=title, summary=summary, target=None if target.strip() in ("", "pipeline") else target.strip()
    )
