"""Readiness: points of a hundred with their evidence, maturity, the release before, confidence, checklists."""

import streamlit as st

from engine.views.overview import load_roadmap_choices
from pages.ui.choosing import choose, choose_section
from pages.ui.markup import escape
from pages.ui.readiness import draw_score
from pages.ui.readiness_checklists import draw_checklists
from pages.ui.readiness_confidence import draw_confidence
from pages.ui.readiness_kpis import draw_kpis
from pages.ui.readiness_maturity import draw_maturity
from pages.ui.resources import get_store
from pages.ui.states import draw_title

SECTIONS = {
    "Score": draw_score,
    "Maturity": draw_maturity,
    "KPIs": draw_kpis,
    "Confidence": draw_confidence,
    "Checklists": draw_checklists,
}

store = get_store()
choices = load_roadmap_choices()
draw_title("Readiness", "How much of the plan is proven, by which evidence, and what would prove most of the rest.")
for problem in choices.broken:
    st.error(escape(problem), icon=":material/error:")
if not choices.titles:
    st.info("There is no roadmap whose readiness could be told.", icon=":material/flag:")
    st.stop()
roadmap = choose("Roadmap", choices.titles, key="roadmap", default=choices.default) or choices.default
section = choose_section(list(SECTIONS))
SECTIONS[section](store, roadmap)
