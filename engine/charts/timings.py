"""Where the time of one answer went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, ORANGE, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.answers import Stage


def build_waterfall(stages: Sequence[Stage], title: str) -> go.Figure:
    """One bar per stage from its beginning to its end, in ms; the longest in orange and named in the title."""
    import plotly.graph_objects as go

    longest = max((s.lasts for s in stages), default=0.0)
    figure = go.Figure(
        go.Bar(
            y=[s.name for s in stages],
            x=[s.lasts for s in stages],
            base=[s.begins for s in stages],
            orientation="h",
            marker_color=[ORANGE if s.lasts == longest else BLUE for s in stages],
            text=[f"{s.lasts:.2f} ms" for s in stages],
            textposition="outside",
            cliponaxis=False,
            customdata=[(s.begins, s.begins + s.lasts) for s in stages],
            hovertemplate="%{y}<br>%{text}<br>from %{customdata[0]:.2f} to %{customdata[1]:.2f} ms<extra></extra>",
        )
    )
    end = max((s.begins + s.lasts for s in stages), default=1.0)
    figure.update_layout(base_layout(title, height=76 + 30 * len(stages), x="ms"))
    figure.update_xaxes(range=[0, end * 1.25])
    figure.update_yaxes(autorange="reversed")
    return figure
