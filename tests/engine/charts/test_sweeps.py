from __future__ import annotations

import subprocess
import sys

from engine.charts.sweeps import (
    KIND_COLOURS,
    KIND_SYMBOLS,
    build_front_chart,
    build_importance_chart,
    build_parallel_chart,
)
from engine.views.sweep_charts import FrontPoint, FrontView, ImportanceRow, ParallelAxis


def point(number: int, cost: float, gain: float, kind: str) -> FrontPoint:
    return FrontPoint(number=number, cost=cost, gain=gain, kind=kind, words=f"top_k {number}")


VIEW = FrontView(
    key="tokens", title="Recall against tokens", cost_axis="tokens", gain_axis="recall",
    points=(point(0, 9.0, 0.5, "start"), point(1, 5.0, 0.6, "front"), point(2, 8.0, 0.9, "best"), point(3, 9.0, 0.1, "other")),
    line=(1, 2),
)  # fmt: skip


def test_every_setting_is_drawn_once_and_the_front_is_a_line_through_what_is_not_beaten() -> None:
    line, *marks = build_front_chart(VIEW).data
    assert (list(line.x), list(line.y)) == ([5.0, 8.0], [0.6, 0.9])
    drawn = sorted((x, y) for trace in marks for x, y in zip(trace.x, trace.y, strict=True))
    assert drawn == sorted((p.cost, p.gain) for p in VIEW.points)
    assert {trace.name for trace in marks} == {"best", "not beaten", "where it started", "beaten by another"}


def test_kinds_differ_in_shape_as_well_as_in_colour() -> None:
    assert len(set(KIND_COLOURS.values())) == len(set(KIND_SYMBOLS.values())) == 4


def test_parallel_axes_keep_the_names_of_values_that_are_no_numbers() -> None:
    axes = [
        ParallelAxis(label="mode", values=(0.0, 1.0), places=(0.0, 1.0), names=("dense", "hybrid")),
        ParallelAxis(label="recall", values=(0.4, 0.8)),
    ]
    (chart,) = build_parallel_chart(axes, "t").data
    assert [d.label for d in chart.dimensions] == ["mode", "recall"]
    assert list(chart.dimensions[0].ticktext) == ["dense", "hybrid"]
    assert list(chart.line.color) == [0.4, 0.8]


def test_what_no_setting_explains_has_another_colour_than_the_settings() -> None:
    rows = [ImportanceRow(name="top_k", share=0.7), ImportanceRow(name="rest", share=0.3, rest=True)]
    (bar,) = build_importance_chart(rows, "t").data
    assert list(bar.x) == [0.7, 0.3]
    assert bar.marker.color[0] != bar.marker.color[1]


def test_plotly_is_imported_with_the_first_figure_only() -> None:
    code = "import sys, engine.charts.sweeps, engine.views.sweeps; print('plotly' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
