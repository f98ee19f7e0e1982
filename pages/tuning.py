"""Tuning lab: move a setting and see a whole suite and one question under it, against a baseline."""

import streamlit as st

from engine.views.tuning import load_tuning
from pages.ui.markup import escape
from pages.ui.resources import get_labs, get_store
from pages.ui.states import draw_empty, draw_error, draw_title
from pages.ui.tuning import draw_lab, draw_opening, draw_suite_choice
from pages.ui.tuning_state import restore_state

store = get_store()
choices = load_tuning(store, st.query_params.get("suite"))
draw_title(
    "Tuning lab", "Move a setting: the whole suite is scored again at once, and one question shows what changed."
)
if not choices.suites:
    draw_empty("No suite", "The lab scores the questions of a suite.", page="pages/suites.py", label="Suites")
    st.stop()
if choices.note:
    st.warning(escape(choices.note), icon=":material/warning:")
wanted = st.query_params.get("suite", "")
suite = wanted if wanted in choices.suites else choices.default
state, problems = restore_state(choices.saved)
if problems:
    st.warning(escape("In the link: " + " ".join(problems)), icon=":material/link_off:")

lab = get_labs().find(suite, state.settings)
if lab.opened:
    draw_lab(store, suite, lab.opened, choices)
else:
    draw_suite_choice(choices)
    if lab.error:
        draw_error(lab.error)
        st.button("Try again", icon=":material/refresh:")
    else:
        draw_opening(suite, state.settings)
