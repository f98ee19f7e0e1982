"""Points by group, and confidence by week."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, GREEN, GREY, ORANGE, VERMILION, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.readiness import ReadinessView
    from engine.views.readiness_confidence import ConfidenceView

# Each state has a colour, a pattern and a word, so that it is told apart without seeing colours.
STATES = {
    "earned": ("earned", GREEN, ""),
    "waived": ("waived", ORANGE, "/"),
    "undecided": ("not proven", GREY, "."),
    "lost": ("missed", VERMILION, "x"),
}
LABEL_WIDTH = 16
ROW = 46
SMALLEST = 4  # points that still have room for their number


def build_points_chart(view: ReadinessView) -> go.Figure:
    """A bar per group, as long as its weight: earned, waived, not proven, missed."""
    import plotly.graph_objects as go

    labels = ["<br>".join(textwrap.wrap(group.title, LABEL_WIDTH)[:2]) for group in view.groups]
    figure = go.Figure()
    for state, (word, colour, pattern) in STATES.items():
        values = [dict(group.parts)[state] or None for group in view.groups]  # type: ignore[index]
        if not any(values):
            continue
        figure.add_bar(
            y=labels,
            x=values,
            orientation="h",
            name=word,
            marker={
                "color": colour,
                "line": {"color": colour, "width": 1},
                "pattern": {"shape": pattern, "fillmode": "overlay", "size": 7, "fgopacity": 0.3, "fgcolor": "white"},
            },
            text=[f"<b>{value:.3g}</b>" if value and value >= SMALLEST else "" for value in values],
            textfont={"color": "black" if state in ("waived", "undecided") else "white", "size": 13},
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            customdata=[group.words for group in view.groups],
            hovertemplate=f"%{{y}}: %{{x:.3g}} points {word}<br>%{{customdata}}<extra></extra>",
        )
    height = 96 + ROW * max(2, len(labels))
    figure.update_layout(
        base_layout(view.title, height=height, x="points", barmode="stack", showlegend=True, bargap=0.28),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "traceorder": "normal"},
    )
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    return figure


def build_confidence_chart(view: ConfidenceView) -> go.Figure:
    """Three lines by week: stated by people, planned by the document, and the share of goals met."""
    import plotly.graph_objects as go

    figure = go.Figure()
    lines = (
        ("planned", view.planned, {"color": ORANGE, "width": 2, "dash": "dash"}, "diamond-open"),
        ("stated", view.stated, {"color": BLUE, "width": 3}, "circle"),
        ("goals met, computed", view.computed, {"color": GREEN, "width": 2, "dash": "dot"}, "square"),
    )
    for name, values, line, symbol in lines:
        if all(value is None for value in values):
            continue
        figure.add_scatter(
            x=list(view.x),
            y=list(values),
            mode="lines+markers",
            name=name,
            line=line,
            marker={"size": 10, "symbol": symbol, "color": line["color"]},
            connectgaps=True,
            customdata=list(view.hover),
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(
        base_layout(view.title, height=340, showlegend=True),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=list(view.x))
    figure.update_yaxes(tickformat=".0%", range=[-0.03, 1.05])
    return figure
