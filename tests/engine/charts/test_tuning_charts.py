"""Charts of the Tuning lab and of calibration."""

from __future__ import annotations

import subprocess
import sys

from engine.charts.calibration import build_reliability_chart
from engine.charts.palette import GREEN, VERMILION
from engine.charts.tuning import (
    LAYER_COLOURS,
    STATE_COLOURS,
    STATE_SYMBOLS,
    build_difference_chart,
    build_document_strip,
)
from engine.views.calibration import Bin, Reliability
from engine.views.tuning_measures import Difference
from engine.views.tuning_question import LAYERS, Bar, Strip


def bar(start: int, end: int, label: str = "") -> Bar:
    return Bar(start=start, end=end, label=label, words=f"{start} to {end}")


STRIP = Strip(
    title="a.md", document="a.md", length=900, note="",
    layers={
        "gold": (bar(10, 20),), "context": (), "retrieved": (bar(0, 300, "1"),),
        "chunks": (bar(0, 300), bar(250, 600), bar(550, 900)),
    },
)  # fmt: skip


def difference(title: str, value: float, half: float | None, state: str) -> Difference:
    low, high = (None, None) if half is None else (value - half, value + half)
    return Difference(name=title, title=title, value=value, low=low, high=high, state=state, words="")


def test_plotly_is_imported_with_the_first_figure_only() -> None:
    code = "import sys, engine.charts.tuning, engine.charts.calibration; print('plotly' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "False", result.stderr


def test_every_layer_of_the_strip_is_drawn_at_its_characters() -> None:
    figure = build_document_strip(STRIP)
    drawn = {trace.name: list(zip(trace.base, trace.x, strict=True)) for trace in figure.data}
    assert list(drawn) == list(LAYERS) == list(LAYER_COLOURS)
    assert drawn["chunks"] == [(0, 300), (250, 350), (550, 350)] and drawn["gold"] == [(10, 10)]
    assert list(figure.layout.xaxis.range) == [0, 900]


def test_neighbouring_chunks_stand_on_two_heights() -> None:
    chunks = build_document_strip(STRIP).data[-1]
    assert chunks.y[0] == chunks.y[2] != chunks.y[1]


def test_better_and_worse_differ_in_shape_as_well_as_in_colour() -> None:
    assert STATE_COLOURS["better"] == GREEN and STATE_COLOURS["worse"] == VERMILION
    assert len({STATE_SYMBOLS[s] for s in ("better", "worse", "unclear")}) == 3


def test_differences_stand_around_zero_with_their_intervals() -> None:
    rows = [
        difference("Recall", 0.1, 0.05, "better"),
        difference("IoU", -0.2, 0.1, "worse"),
        difference("Q", 0, None, "none"),
    ]
    figure = build_difference_chart(rows, "t")
    dots = figure.data[0]
    assert list(dots.y) == ["Recall", "IoU"], "what was not scored is not drawn as 0"
    assert list(dots.error_x.array) == [0.05, 0.1] or [round(x, 9) for x in dots.error_x.array] == [0.05, 0.1]
    low, high = figure.layout.xaxis.range
    assert low == -high and high > 0.3


def test_a_reliability_chart_has_the_diagonal_the_bins_and_their_counts() -> None:
    rows = tuple(
        Bin(begins=a, ends=a + 0.1, predicted=a + 0.05, observed=0.5, low=0.4, high=0.7, n=9, words="w")
        for a in (0.1, 0.6)
    )
    figure = build_reliability_chart(Reliability(finding="f", axis="x", observed_axis="y", bins=rows))
    diagonal, dots, bars = figure.data
    assert list(diagonal.x) == list(diagonal.y) == [0, 1]
    assert [round(x, 9) for x in dots.error_y.array] == [0.2, 0.2] and list(dots.y) == [0.5, 0.5]
    assert list(bars.y) == [9, 9] and figure.layout.title.text == "f"
