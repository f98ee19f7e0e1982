"""Calibration: whether what the engine calls probable is as often true."""

from engine.views.calibration import load_calibrations
from pages.ui.calibration import draw_fits, draw_runs
from pages.ui.choosing import choose_section
from pages.ui.resources import get_store
from pages.ui.states import draw_title

draw_title(
    "Calibration", "A probability of 80 % should be right in 80 of 100 cases. This is how near the engine comes."
)
section = choose_section(["Shipped fits", "Your runs"])
if section == "Shipped fits":
    draw_fits(load_calibrations())
else:
    draw_runs(get_store())
