"""Targets: the systems under test. See them, set one up, try it with one question."""

import streamlit as st

from engine.views.targets import KIND_WORDS, load_form, load_target_cards
from pages.ui.links import draw_step
from pages.ui.resources import get_store
from pages.ui.states import draw_title
from pages.ui.targets import draw_cards, draw_form, draw_new, draw_trial

store = get_store()
name, new = st.query_params.get("target", ""), st.query_params.get("new", "")

if name or new in KIND_WORDS:
    form = load_form(store, name, new)
    draw_step("pages/targets.py", "All targets", "arrow_back", {})
    draw_title(
        form.name or f"New target: {KIND_WORDS[form.kind]}",
        "Try it with one question; what is saved is what a run then asks.",
    )
    left, right = st.columns(2, gap="large")
    with left:
        values = draw_form(store, form)
    with right:
        draw_trial(store, form, values)
else:
    draw_title("Targets", "The systems that a suite can be put to: the built-in pipeline, or your own.")
    draw_cards(load_target_cards(store))
    draw_new()
