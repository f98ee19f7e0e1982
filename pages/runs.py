"""Runs: the list, one run, one case of it."""

import streamlit as st

from engine.errors import UnknownNameError
from pages.ui.case import draw_case
from pages.ui.resources import get_store
from pages.ui.run import draw_run
from pages.ui.run_list import draw_runs
from pages.ui.states import draw_gone

store = get_store()
run, case = st.query_params.get("run", ""), st.query_params.get("case", "")

try:
    if run and case:
        draw_case(store, run, case)
    elif run:
        draw_run(store, run)
    else:
        draw_runs(store)
except UnknownNameError as error:
    if error.kind not in ("run", "case"):
        raise
    draw_gone(error, run if error.kind == "case" else "")
