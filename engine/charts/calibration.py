"""Predicted probabilities against what was observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, GREY, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.calibration import Reliability


def build_reliability_chart(reliability: Reliability) -> go.Figure:
    """One dot per bin with its 95 % interval, the diagonal of a perfect calibration, and the bins' counts below."""
    from plotly.subplots import make_subplots

    bins = reliability.bins
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.78, 0.22], vertical_spacing=0.05)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "dash": "dash"}, hoverinfo="skip", row=1, col=1
    )
    figure.add_scatter(
        x=[b.predicted for b in bins],
        y=[b.observed for b in bins],
        mode="markers+lines",
        line={"color": BLUE, "width": 1},
        marker={"size": 10, "color": BLUE},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [b.high - b.observed for b in bins],
            "arrayminus": [b.observed - b.low for b in bins],
            "color": BLUE,
            "thickness": 1.4,
            "width": 4,
        },
        customdata=[b.words for b in bins],
        hovertemplate="%{customdata}<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_bar(
        x=[(b.begins + b.ends) / 2 for b in bins],
        y=[b.n for b in bins],
        width=[(b.ends - b.begins) * 0.96 for b in bins],
        marker_color=GREY,
        customdata=[b.words for b in bins],
        hovertemplate="%{customdata}<extra></extra>",
        row=2,
        col=1,
    )
    figure.update_layout(base_layout(reliability.finding, height=460, bargap=0))
    figure.update_xaxes(range=[-0.01, 1.01], automargin=True, zeroline=False)
    figure.update_yaxes(automargin=True, zeroline=False)
    figure.update_xaxes(title_text=reliability.axis, row=2, col=1)
    figure.update_yaxes(title_text=reliability.observed_axis, range=[-0.02, 1.02], row=1, col=1)
    figure.update_yaxes(title_text="cases", row=2, col=1)
    return figure
