"""A figure of a benchmark over time: a line per machine, stand-ins told by their shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.benchmarks import BenchHistory, BenchPoint

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, GREY)
HALF_HOUR = timedelta(minutes=30)


def build_bench_history(history: BenchHistory) -> go.Figure:
    """Points with their intervals; an open diamond is a figure that was measured on a stand-in."""
    import plotly.graph_objects as go

    figure = go.Figure()
    machines = list(dict.fromkeys(point.machine for point in history.points))
    for number, machine in enumerate(machines):
        own = [point for point in history.points if point.machine == machine]
        _add_machine(figure, machine, own, COLOURS[number % len(COLOURS)])
    legend = len(machines) > 1
    figure.update_layout(
        base_layout(history.finding, height=300, y=history.axis, showlegend=legend),
        legend={"orientation": "h", "yanchor": "top", "y": -0.15, "x": 0},
    )
    if len({point.when for point in history.points}) == 1 and (when := history.points[0].when):
        figure.update_xaxes(range=[when - HALF_HOUR, when + HALF_HOUR])
    figure.update_yaxes(rangemode="tozero")
    return figure


def _add_machine(figure: go.Figure, machine: str, points: Sequence[BenchPoint], colour: str) -> None:
    above = [(p.high if p.high is not None else p.value) - p.value for p in points]
    below = [p.value - (p.low if p.low is not None else p.value) for p in points]
    figure.add_scatter(
        x=[p.when for p in points],
        y=[p.value for p in points],
        mode="lines+markers",
        name=machine,
        line={"color": colour, "width": 1},
        marker={
            "size": 11,
            "color": colour,
            "symbol": ["diamond-open" if p.stand_in else "circle" for p in points],
        },
        error_y={"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": colour, "width": 4},
        customdata=[(p.commit, p.n, "stand-in" if p.stand_in else "real") for p in points],
        hovertemplate=(
            "%{y:.4g}, n = %{customdata[1]}, %{customdata[2]}<br>commit %{customdata[0]}<br>%{x}<extra>"
            + machine
            + "</extra>"
        ),
    )
