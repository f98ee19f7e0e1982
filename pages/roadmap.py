"""Roadmap: one phase's gate with its decisions, KPIs over time, checklist, plan, edits and their trail, the document."""

import streamlit as st

from engine.views.overview import load_roadmap_choices
from engine.views.phases import load_phase_names
from engine.views.roadmap import load_phase
from engine.views.roadmap_edit import load_origin
from pages.ui.choosing import choose, choose_section
from pages.ui.markup import escape, gate_badge
from pages.ui.resources import get_store, get_zone
from pages.ui.roadmap import draw_document, draw_gate, draw_kpis
from pages.ui.roadmap_checklist import draw_checklist
from pages.ui.roadmap_edit import draw_edit
from pages.ui.roadmap_origin import draw_broken, draw_origin
from pages.ui.roadmap_plan import draw_history, draw_plan
from pages.ui.states import draw_title

SECTIONS = {
    "Gate": draw_gate,
    "KPIs": draw_kpis,
    "Checklist": draw_checklist,
    "Plan": draw_plan,
    "Edit": draw_edit,
    "History": draw_history,
    "Document": draw_document,
}

store = get_store()
choices = load_roadmap_choices()
draw_title("Roadmap", "The goals of a plan, held against what was measured here; and what people decide on it.")
draw_broken(store, choices)
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
st.markdown(f"{gate_badge(view.gate.verdict, view.gate.waived)} **{view.headline}**")
draw_origin(load_origin(roadmap), view)
section = choose_section(list(SECTIONS))
SECTIONS[section](store, view)
