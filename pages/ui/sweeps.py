"""The list of sweeps."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.views.sweep_list import SweepLine
from pages.ui.resources import get_zone
from pages.ui.tables import draw_opening_table


def draw_list(lines: Sequence[SweepLine]) -> None:
    """The table; a selected cell opens its sweep."""
    st.markdown("#### Earlier sweeps")
    if not lines:
        st.info("No sweep yet. Set one up above.", icon=":material/grain:")
        return
    column = st.column_config
    draw_opening_table(
        [line.cells for line in lines],
        [line.sweep_id for line in lines],
        {
            "suite": column.TextColumn("Suite"),
            "state": column.TextColumn("State"),
            "started": column.DatetimeColumn("Started", format="D MMM, HH:mm", timezone=get_zone()),
            "search": column.TextColumn("Search"),
            "settings": column.TextColumn("Settings", width="medium"),
            "trials": column.TextColumn("Tried"),
            "measure": column.TextColumn("Measure"),
            "held_out": column.NumberColumn("Best", format="%.3f", help="The best setting on the held-out half."),
            "difference": column.NumberColumn("Gain", format="%+.3f", help="Against where the sweep started."),
            "verdict": column.TextColumn("Beyond chance"),
            "seconds": column.NumberColumn("Worked", format="%.1f s"),
            "sweep": column.TextColumn("Sweep"),
        },
        page="pages/sweeps.py",
        parameter="sweep",
    )
