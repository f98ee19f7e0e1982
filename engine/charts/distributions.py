"""How a figure spreads over the cases of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, GREY, ORANGE, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go


def build_histogram(
    values: Sequence[float],
    title: str,
    unit: str,
    *,
    marks: Mapping[str, float] | None = None,
    bins: int = 30,
    limits: tuple[float, float] | None = None,
) -> go.Figure:
    """Counts of cases by value. ``marks`` are vertical lines with their names (p50, p95, a goal)."""
    import numpy as np
    import plotly.graph_objects as go

    counts, edges = np.histogram(np.asarray(values, dtype=float), bins=bins, range=limits)
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges) * 0.96,
            marker_color=BLUE,
            customdata=np.stack([edges[:-1], edges[1:]], axis=-1),
            hovertemplate="%{y} cases<br>%{customdata[0]:.3g} to %{customdata[1]:.3g}<extra></extra>",
        )
    )
    for i, (name, value) in enumerate((marks or {}).items()):
        figure.add_vline(x=value, line_color=ORANGE if i else GREY, line_dash="dash", line_width=1.5)
        figure.add_annotation(
            x=value, y=1 - 0.1 * i, yref="paper", text=f"{name} {value:.3g}", showarrow=False, xanchor="left", xshift=4
        )
    figure.update_layout(base_layout(title, height=250, x=unit, y="cases", bargap=0))
    if limits:
        figure.update_xaxes(range=list(limits))
    return figure
