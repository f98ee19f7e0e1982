"""Forest and latency curves: the better side is on the right, each kind has a shape of its own."""

from __future__ import annotations

from engine.charts.comparison import build_forest, build_latency_curves
from engine.views.compare_rows import ForestGroup, ForestRow, LatencyCurve


def row(name: str, place: float, verdict: str, noise: float | None = None) -> ForestRow:
    ends = (place - 1, place + 1)
    return ForestRow(
        name=name, place=place, low=ends[0], high=ends[1], noise=noise, verdict=verdict, words="", counts=""
    )


def test_zero_stands_in_the_middle_and_kinds_differ_in_shape() -> None:
    rows = (row("x", 5.0, "better"), row("y", -3.0, "worse", 2.0), row("z", 0.2, "no_difference"))
    figure = build_forest(ForestGroup(key="share", title="t", axis="points", rows=rows, label_b="B"))
    low, high = figure.layout.xaxis.range
    assert low == -high
    assert high > 6
    assert len({trace.marker.symbol for trace in figure.data if trace.type == "scatter"}) == 3
    assert any(trace.type == "bar" for trace in figure.data)
    assert "better →" in figure.layout.xaxis.title.text


def test_each_run_has_a_curve_on_one_axis() -> None:
    curves = tuple(LatencyCurve(name=name, times=(1.0, 2.0), shares=(0.4, 0.9)) for name in "AB")
    figure = build_latency_curves(curves, "t")
    assert [trace.name for trace in figure.data] == ["A", "B"]
    assert {trace.yaxis for trace in figure.data} <= {None, "y"}
