"""Are we ready? The answer, the figures behind it, and what to do next."""

import streamlit as st

from engine.views.overview import is_empty, load_overview, load_roadmap_choices
from pages.ui.choosing import choose
from pages.ui.markup import escape
from pages.ui.onboarding import draw_onboarding
from pages.ui.overview import draw_attention, draw_phases, draw_tiles
from pages.ui.resources import get_store, get_zone
from pages.ui.run_list import draw_run_table
from pages.ui.states import draw_title

store = get_store()
if is_empty(store) or "step" in st.query_params:
    draw_onboarding(store)
    st.stop()

choices = load_roadmap_choices()
for problem in choices.broken:
    st.error(escape(problem), icon=":material/error:")
if not choices.titles:
    draw_title("Overview")
    st.info("There is no roadmap to hold the runs against.", icon=":material/flag:")
    st.stop()


with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    draw_title("Are we ready?")
    roadmap = choose("Roadmap", choices.titles, key="roadmap", default=choices.default) or choices.default
overview = load_overview(store, roadmap, get_zone())
box = {"pass": st.success, "fail": st.error, "no_data": st.info}[overview.verdict]
icon = {"pass": "check_circle", "fail": "cancel", "no_data": "help"}[overview.verdict]
box(f"**{overview.sentence}** {overview.explanation}", icon=f":material/{icon}:")
with st.container(horizontal=True, vertical_alignment="center"):
    st.markdown(escape(overview.score), width="content")  # the label of a link is cut on a phone
    st.page_link(
        "pages/readiness.py",
        label="See what counts",
        icon=":material/task_alt:",
        query_params={"roadmap": overview.roadmap},
    )
draw_phases(overview)
draw_tiles(overview)
draw_attention(overview)
st.markdown("#### Last runs")
draw_run_table(tuple(overview.latest), tuple(r["run"] for r in overview.latest), "latest")
st.page_link("pages/runs.py", label="All runs", icon=":material/arrow_forward:")
