"""Sweeps: set one up, watch it, see what it found."""

import streamlit as st

from engine.views.sweep_list import load_sweeps
from pages.ui.resources import get_store, get_zone
from pages.ui.states import draw_title
from pages.ui.sweep_form import draw_form
from pages.ui.sweep_progress import draw_sweep_progress
from pages.ui.sweep_result import draw_sweep
from pages.ui.sweeps import draw_list

store = get_store()
sweep = st.query_params.get("sweep", "")

if sweep:
    progress = draw_sweep_progress(sweep)
    if not progress.active and progress.total:
        draw_sweep(store, sweep)
else:
    draw_title(
        "Sweeps",
        "Try many settings on a suite. One half of its questions chooses the best, the other half says how good it is.",
    )
    draw_form(store)
    draw_list(load_sweeps(store, get_zone()))
