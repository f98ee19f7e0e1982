"""Roadmap: one phase's gate, KPIs over time and over phases, the plan, what the document claims."""

import streamlit as st

from engine.views.overview import load_roadmap_choices
from engine.views.phases import load_phase_names
from engine.views.roadmap import load_phase
from pages.ui.choosing import choose
from pages.ui.goals import draw_goals
from pages.ui.markup import escape, verdict_badge
from pages.ui.resources import get_store, get_zone
from pages.ui.roadmap import draw_document, draw_kpis, draw_plan
from pages.ui.states import draw_title

SECTIONS = {"Gate": None, "KPIs": draw_kpis, "Plan": draw_plan, "Document": draw_document}

store = get_store()
choices = load_roadmap_choices()
draw_title("Roadmap", "The goals of a plan, held against what was measured here.")
if not choices.titles:
    st.info("There is no roadmap.", icon=":material/flag:")
    st.stop()
with st.container(horizontal=True, vertical_alignment="top"):
    roadmap = choose("Roadmap", choices.titles, key="roadmap", default=choices.default) or choices.default
    phases = load_phase_names(roadmap)
    phase = int(choose("Phase", phases, key="phase", default=next(iter(phases))) or 1)
    policy = st.segmented_control(
        "Policy",
        ["point", "strict"],
        default="point",
        key="policy",
        bind="query-params",
        required=True,
        help="point: the value meets the goal. strict: the near end of its 95 % interval does.",
    )
view = load_phase(store, roadmap, phase, policy, get_zone())
st.markdown(f"### {escape(view.phase_name)}", anchors=False)
st.markdown(f"{verdict_badge(view.gate.verdict)} **{view.headline}**")
if view.phase.goal_text:
    st.caption(escape(view.phase.goal_text))
section = st.segmented_control(
    "Show", list(SECTIONS), default="Gate", key="show", bind="query-params", required=True, label_visibility="collapsed"
)
draw = SECTIONS[section]
if draw:
    draw(view)
else:
    draw_goals(view.goals, f"{roadmap}-{phase}")
    st.code(f"python -m engine gate --roadmap {roadmap} --phase {phase} --policy {policy}", language="bash")
    query = {"roadmap": roadmap, "phase": str(phase)}
    st.page_link(
        "pages/reports.py", label="Take a report of this phase along", icon=":material/description:", query_params=query
    )
