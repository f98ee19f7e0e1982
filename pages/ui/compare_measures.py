"""Measures with coloured differences, what changed beside them, and what so many cases can show."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from engine.charts.palette import GREEN, VERMILION
from engine.views.compare import CompareView
from pages.ui.markup import escape

COLOURS = {"better": GREEN, "worse": VERMILION}
COLUMNS = (
    "finding",
    "measure",
    "a",
    "b",
    "difference",
    "interval",
    "p",
    "cases",
    "noise",
    "scored",
    "missing",
    "why",
    "about",
)


def draw_measures(view: CompareView) -> None:
    """The table; the difference is coloured in the direction that is better, and says so in a word and a shape."""
    st.markdown(f"##### {escape(view.measures_title)}")
    frame = pd.DataFrame(view.measures)
    colours = [COLOURS.get(verdict, "") for verdict in frame.pop("verdict")]
    marked = [f"color: {colour}; font-weight: 600" if colour else "" for colour in colours]
    column = st.column_config
    st.dataframe(
        frame.style.apply(lambda _: marked, subset=["finding"]).apply(lambda _: marked, subset=["difference"]),
        hide_index=True,
        height="content" if len(frame) < 30 else 800,
        column_order=COLUMNS,
        column_config={
            "finding": column.TextColumn(
                "Finding", width=150, help="p after Holm under .025, and beyond what repeated runs differ by."
            ),
            "measure": column.TextColumn("Measure", width="medium", pinned=True),
            "a": column.TextColumn(view.label_a, help=f"Over the pairs: {view.run_a}."),
            "b": column.TextColumn(view.label_b, help=f"Over the pairs: {view.run_b}."),
            "difference": column.TextColumn("Difference", help=f"{view.label_b} less {view.label_a}."),
            "interval": column.TextColumn("95 % interval", help="Of the difference, in its unit."),
            "p": column.TextColumn("p (Holm)", help="Adjusted for the number of measures that were tested."),
            "cases": column.TextColumn("+ / = / −", help=f"Cases on which {view.label_b} is better, the same, worse."),
            "noise": column.TextColumn(
                "Noise", help="95 % of repeated runs of one setup differ by less. – without repeats."
            ),
            "scored": column.TextColumn(
                "Scored", help=f"Of the cases that it was put to: {view.label_a}; {view.label_b}."
            ),
            "missing": column.TextColumn("Failed, unjudged", help="Scores that should be there and are not."),
            "why": column.TextColumn("Why", width="medium"),
            "about": column.TextColumn("What it is", width="large"),
        },
    )


def draw_setup(view: CompareView) -> None:
    """Settings and what else made the runs: what differs, all on request."""
    st.markdown("##### What differs between the runs")
    everything = st.toggle("Show all", key="all-settings", help="Also what is the same in both runs.")
    rows = view.setup if everything else view.changed
    if not rows:
        st.markdown("Nothing that a run records: settings, target, code and packages are the same.")
        return
    column = st.column_config
    st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) < 20 else 600,
        column_config={
            "name": column.TextColumn("Name", pinned=True),
            view.label_a: column.TextColumn(view.label_a, width="small"),
            view.label_b: column.TextColumn(view.label_b, width="small"),
        },
    )


def draw_power(view: CompareView) -> None:
    """The smallest difference that would show, and how many cases what was seen would need."""
    st.markdown(escape(view.power_words))
    if not view.power:
        st.info(
            "Every case came out the same, so nothing says how far differences would spread.", icon=":material/info:"
        )
        return
    column = st.column_config
    st.dataframe(
        view.power,
        hide_index=True,
        placeholder="–",
        height="content",
        column_config={
            "measure": column.TextColumn("Measure"),
            "pairs": column.NumberColumn("Pairs", format="localized"),
            "seen": column.TextColumn("Difference seen"),
            "detectable": column.TextColumn(
                "Would be found from", help="In four comparisons of five, two-sided at 5 %, one test."
            ),
            "more": column.NumberColumn(
                "More cases for what was seen", format="localized", help="0: there are enough."
            ),
        },
    )
    st.caption(
        "From the spread that these cases showed, for one test by itself. Not finding a difference does not make two runs equal: "
        "one that is smaller than the third column would often go unseen."
    )
