"""A sweep's settings: what they gain against what they cost, all at once in parallel coordinates, and which matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, GREEN, GREY, ORANGE, VERMILION, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.sweep_charts import FrontView, ImportanceRow, ParallelAxis

KIND_NAMES = {"other": "beaten by another", "front": "not beaten", "start": "where it started", "best": "best"}
KIND_COLOURS = {"other": GREY, "front": BLUE, "start": ORANGE, "best": GREEN}
KIND_SYMBOLS = {"other": "circle-open", "front": "diamond", "start": "square", "best": "star"}
KIND_SIZES = {"other": 8, "front": 10, "start": 12, "best": 16}
LOW_TO_HIGH = [[0.0, VERMILION], [0.5, GREY], [1.0, BLUE]]


def build_front_chart(view: FrontView) -> go.Figure:
    """One mark per setting; the front as a stepped line. The kinds differ in shape as well as in colour."""
    import plotly.graph_objects as go

    figure = go.Figure()
    front = [view.points[place] for place in view.line]
    figure.add_scatter(
        x=[p.cost for p in front],
        y=[p.gain for p in front],
        mode="lines",
        line={"color": BLUE, "width": 1.5, "shape": "hv"},
        hoverinfo="skip",
        showlegend=False,
    )
    for kind, name in KIND_NAMES.items():
        points = [p for p in view.points if p.kind == kind]
        if not points:
            continue
        figure.add_scatter(
            x=[p.cost for p in points],
            y=[p.gain for p in points],
            mode="markers",
            name=name,
            marker={
                "color": KIND_COLOURS[kind],
                "symbol": KIND_SYMBOLS[kind],
                "size": KIND_SIZES[kind],
                "opacity": 0.7 if kind == "other" else 1.0,
            },
            customdata=[(p.words, p.number) for p in points],
            hovertemplate=f"{name}<br>%{{customdata[0]}}<br>{view.gain_axis} %{{y:.3f}}"
            f"<br>{view.cost_axis} %{{x:.4g}}<br>trial %{{customdata[1]}}<extra></extra>",
        )
    figure.update_layout(
        base_layout(view.title, height=380, x=view.cost_axis, y=view.gain_axis, showlegend=True),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    return figure


def build_parallel_chart(axes: Sequence[ParallelAxis], title: str) -> go.Figure:
    """One line per setting through its values, coloured by the last axis: blue is high. Drag along an axis to select."""
    import plotly.graph_objects as go

    colours = axes[-1].values
    lowest = sorted(colours)[len(colours) // 10]  # one bad setting would leave all others in one colour
    figure = go.Figure(
        go.Parcoords(
            dimensions=[
                {"label": axis.label, "values": axis.values}
                | ({"tickvals": axis.places, "ticktext": axis.names} if axis.places else {})
                for axis in axes
            ],
            line={"color": colours, "colorscale": LOW_TO_HIGH, "cmin": lowest, "cmax": max(colours)},
            labelside="bottom",
            labelfont={"size": 13},
            tickfont={"size": 12},
            rangefont={"size": 1, "color": "rgba(0, 0, 0, 0)"},  # the ends stand on the axes already
        )
    )
    figure.update_layout(base_layout(title, height=400), margin={"l": 80, "r": 60, "t": 24, "b": 48})
    return figure


def build_importance_chart(rows: Sequence[ImportanceRow], title: str) -> go.Figure:
    """A bar for each setting, largest first; what no setting explains by itself in grey."""
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Bar(
            y=[row.name for row in rows],
            x=[row.share for row in rows],
            orientation="h",
            marker_color=[GREY if row.rest else BLUE for row in rows],
            text=[f"{100 * row.share:.0f} %" for row in rows],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%} of the variance<extra></extra>",
        )
    )
    figure.update_layout(base_layout(title, height=80 + 32 * max(2, len(rows)), x="share of the variance"))
    figure.update_xaxes(range=[0, 1.08], tickformat=".0%")
    figure.update_yaxes(autorange="reversed")
    return figure
