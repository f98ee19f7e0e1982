"""Judges: the models that score answers. Set one up, try it, and see how far a run's judges can be trusted."""

import streamlit as st

from engine.views.judges import list_judged_runs, load_judge_cards, load_run_judging
from pages.ui.judges import choose_run, draw_cards, draw_form, draw_none_judged, draw_run, draw_trial
from pages.ui.resources import get_store
from pages.ui.states import draw_title

SECTIONS = {"judges": "Judges", "trust": "How far to trust them"}

store = get_store()
draw_title("Judges", "Models that score what no rule can: is the answer faithful, relevant, complete, polite?")
section = st.segmented_control(
    "Section",
    list(SECTIONS),
    format_func=SECTIONS.__getitem__,
    default="trust" if st.query_params.get("run") else "judges",
    required=True,
    label_visibility="collapsed",
)
if section == "judges":
    cards = load_judge_cards(store)
    draw_cards(store, cards)
    left, right = st.columns(2, gap="large")
    with left:
        draw_form(store, cards)
    with right:
        draw_trial(store, cards)
else:
    runs = list_judged_runs(store)
    run_id = choose_run(runs, st.query_params.get("run", ""))
    if run_id:
        draw_run(store, load_run_judging(store, run_id))
    else:
        draw_none_judged()
