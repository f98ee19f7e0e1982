"""Benchmarks: the history of each, measured again from here."""

import streamlit as st

from engine.views.benchmarks import load_benchmarks
from pages.ui.benchmarks import draw_chart_of, draw_differences, draw_job, draw_missing, draw_records, draw_start
from pages.ui.choosing import choose
from pages.ui.resources import get_store, get_zone
from pages.ui.states import draw_empty, draw_title

store = get_store()
query = st.query_params
draw_title(
    "Benchmarks", "How fast and how dear the engine is on this machine, over time. `bench` writes the same records."
)
history = load_benchmarks(
    store,
    query.get("bench", ""),
    query.get("figure", ""),
    query.get("before", ""),
    query.get("after", ""),
    get_zone(),
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    choose("Benchmark", history.names, key="bench", default=history.name)
    if history.figures:
        choose("Figure", history.figures, key="figure", default=history.figure, width=420)
    draw_start(history)
job = query.get("job", "") or history.job
if job:
    draw_job(job)
if not history.records:
    draw_empty(
        f"No record of {history.name} yet",
        "Measure it with the button above, or from a shell: `python -m engine bench " + history.name + "`.",
        icon="speed",
    )
    st.stop()
draw_chart_of(history)
draw_missing(history)
draw_records(history)
draw_differences(history)
