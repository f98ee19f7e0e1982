"""Compare: two to five runs, each held against a baseline, case by case."""

import streamlit as st

from engine.errors import PhasegateError
from engine.views.compare import load_choices, load_comparison, read_run_ids
from pages.ui.compare import choose_place, choose_runs, draw_comparison
from pages.ui.resources import get_store, get_zone
from pages.ui.states import draw_empty, draw_error, draw_title

store = get_store()
runs = read_run_ids(st.query_params.get_all("run"), st.query_params.get("runs", ""))
choices = load_choices(store, get_zone())

draw_title("Compare", "Runs over the same cases, paired by case id. The first is the baseline.")
if len(choices.offered) < 2 and len(runs) < 2:
    draw_empty(
        "Two finished runs are needed",
        f"There is {len(choices.offered) or 'none'} so far. Run a suite twice: with other settings, or with the same ones to "
        "see how much it differs by itself." + (" A run is still at work." if choices.waiting else ""),
        page="pages/suites.py",
        label="Run a suite",
        icon="compare_arrows",
    )
else:
    chosen, tolerance = choose_runs(choices, runs)
    if len(chosen) < 2:
        st.info("Choose two to five runs. The first one chosen is the baseline.", icon=":material/compare_arrows:")
    else:
        try:
            view = load_comparison(store, chosen, tolerance=tolerance, place=choose_place(chosen))
        except PhasegateError as error:
            draw_error(error)
        else:
            draw_comparison(store, view)
