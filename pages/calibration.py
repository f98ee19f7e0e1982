"""Calibration: whether what the engine calls probable is as often true."""

import streamlit as st

from engine.views.calibration import load_calibrations
from pages.ui.calibration import draw_fits, draw_runs
from pages.ui.resources import get_store
from pages.ui.states import draw_title

draw_title(
    "Calibration", "A probability of 80 % should be right in 80 of 100 cases. This is how near the engine comes."
)
section = st.segmented_control(
    "Show",
    ["Shipped fits", "Your runs"],
    default="Shipped fits",
    key="show",
    bind="query-params",
    required=True,
    label_visibility="collapsed",
)
if section == "Shipped fits":
    draw_fits(load_calibrations())
else:
    draw_runs(get_store())
