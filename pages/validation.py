"""Validation: all that a phase needs, started, watched and taken along."""

import streamlit as st

from engine.views.overview import load_roadmap_choices
from engine.views.phases import load_phase_names
from engine.views.validation import load_part_choices, load_validations
from pages.ui.choosing import choose
from pages.ui.resources import get_store, get_zone
from pages.ui.states import draw_title
from pages.ui.validation import draw_form, draw_list, draw_validation

store = get_store()
validation = st.query_params.get("validation", "")
if validation:
    draw_validation(validation)
    st.stop()
choices = load_roadmap_choices()
draw_title(
    "Validation", "Runs what a phase needs, gates it and writes the report for stakeholders. The same as `validate`."
)
if not choices.titles:
    st.info("There is no roadmap to validate.", icon=":material/flag:")
    st.stop()
with st.container(horizontal=True, vertical_alignment="top"):
    roadmap = choose("Roadmap", choices.titles, key="roadmap", default=choices.default) or choices.default
    phases = load_phase_names(roadmap)
    phase = int(choose("Phase", phases, key="phase", default=next(iter(phases))) or 1)
    policy = st.segmented_control(
        "Policy", ["point", "strict"], default="point", key="policy", bind="query-params", required=True
    )
draw_form(roadmap, phase, policy, load_part_choices(roadmap, phase))
draw_list(load_validations(store, get_zone()))
