"""Two runs against one another: a forest of differences, and latency distributions over each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.charts.palette import BAND, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.compare_rows import ForestGroup, LatencyCurve

COLOURS = {"better": GREEN, "worse": VERMILION}
SYMBOLS = {"better": "triangle-up", "worse": "triangle-down"}
NAMES = {"better": "better", "worse": "worse"}
LINES = ((GREY, "solid"), (BLUE, "solid"), (ORANGE, "dash"), (PURPLE, "dot"), (SKY, "dashdot"))


def build_forest(group: ForestGroup) -> go.Figure:
    """One line per measure: difference and interval, right of zero where B is better; grey bar: what repeats differ by."""
    import plotly.graph_objects as go

    figure = go.Figure()
    names = [row.name for row in group.rows]
    noisy = [row for row in group.rows if row.noise]
    if noisy:
        figure.add_bar(
            y=[row.name for row in noisy],
            x=[2 * (row.noise or 0) for row in noisy],
            base=[-(row.noise or 0) for row in noisy],
            orientation="h",
            marker_color=BAND,
            name="noise of repeated runs",
            hovertemplate="%{y}: repeated runs differ by up to %{customdata:.3g}<extra></extra>",
            customdata=[row.noise for row in noisy],
        )
    for kind in ("worse", "better", ""):
        rows = [row for row in group.rows if (row.verdict if row.verdict in COLOURS else "") == kind]
        if rows:
            _add_rows(figure, kind, rows)
    figure.add_vline(x=0, line_width=1.5, line_color=GREY)
    axis = f"← {group.label_b} worse · {group.axis} · {group.label_b} better →"
    figure.update_layout(
        base_layout(group.title, height=120 + 26 * len(names), x=axis, showlegend=True, bargap=0.25),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    ends = [abs(end or 0) for row in group.rows for end in (row.place, row.low, row.high, row.noise)]
    reach = 1.08 * max(ends) or 1.0  # zero in the middle, so that both sides mean what the axis says
    figure.update_xaxes(range=[-reach, reach])
    return figure


def _add_rows(figure: go.Figure, kind: str, rows: Sequence[object]) -> None:
    from engine.views.compare_rows import ForestRow

    chosen = [row for row in rows if isinstance(row, ForestRow)]
    colour = COLOURS.get(kind, GREY)
    figure.add_scatter(
        x=[row.place for row in chosen],
        y=[row.name for row in chosen],
        mode="markers",
        name=NAMES.get(kind, "no finding"),
        marker={"color": colour, "symbol": SYMBOLS.get(kind, "circle"), "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [(row.high if row.high is not None else row.place) - row.place for row in chosen],
            "arrayminus": [row.place - (row.low if row.low is not None else row.place) for row in chosen],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        customdata=[(row.words, row.counts) for row in chosen],
        hovertemplate="%{y}<br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    )


def build_latency_curves(curves: Sequence[LatencyCurve], title: str) -> go.Figure:
    """For each run the share of answers that came within a time; one axis, so further left is faster."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for curve, (colour, dash) in zip(curves, LINES, strict=False):
        figure.add_scatter(
            x=curve.times,
            y=curve.shares,
            mode="lines",
            name=curve.name,
            line={"color": colour, "dash": dash, "width": 2, "shape": "hv"},
            hovertemplate="%{y:.1%} of the answers within %{x:.1f} ms<extra>" + curve.name + "</extra>",
        )
    figure.update_layout(
        base_layout(title, height=380, x="latency, ms", y="share of the cases", showlegend=True),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    figure.update_yaxes(range=[0, 1], tickformat=".0%")
    figure.update_xaxes(rangemode="tozero")
    return figure
