"""Means of many measures with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, GREY, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.run import MeasureRow, TagRow


def build_measure_chart(rows: Sequence[MeasureRow], title: str) -> go.Figure:
    """One dot per measure on [0, 1] with its 95 % interval; hover shows how many cases were scored."""
    shown = [r for r in rows if r.mean is not None]
    return _dots(
        [r.name for r in shown],
        [(r.mean or 0.0, r.low, r.high) for r in shown],
        [f"scored {r.scored} of {r.applicable}" for r in shown],
        title,
        "mean, with 95 % interval",
    )


def build_tag_chart(rows: Sequence[TagRow], title: str) -> go.Figure:
    """Success rate by tag with its Wilson interval, worst first."""
    shown = [r for r in rows if r.success is not None]
    return _dots(
        [r.tag for r in shown],
        [(r.success or 0.0, r.low, r.high) for r in shown],
        [f"{r.passed} of {r.cases} cases passed" for r in shown],
        title,
        "success rate, with 95 % interval",
    )


def _dots(
    names: Sequence[str],
    estimates: Sequence[tuple[float, float | None, float | None]],
    notes: Sequence[str],
    title: str,
    axis: str,
) -> go.Figure:
    import plotly.graph_objects as go

    means = [m for m, _, _ in estimates]
    figure = go.Figure(
        go.Scatter(
            x=means,
            y=list(names),
            mode="markers",
            marker={"color": BLUE, "size": 9},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [max(0.0, (h if h is not None else m) - m) for m, _, h in estimates],
                "arrayminus": [max(0.0, m - (lo if lo is not None else m)) for m, lo, _ in estimates],
                "color": GREY,
                "thickness": 1.6,
                "width": 4,
            },
            customdata=list(notes),
            hovertemplate="%{y}: %{x:.3f}<br>%{customdata}<extra></extra>",
        )
    )
    figure.update_layout(base_layout(title, height=70 + 24 * max(2, len(names)), x=axis))
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(autorange="reversed", showgrid=True)
    return figure
