"""Two raters' values of the same cases: who agrees, who is stricter."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, GREY, VERMILION, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.judges import RatedView


def build_agreement_chart(view: RatedView) -> go.Figure:
    """A mark for each pair of values, larger where cases share it; crosses are cases with unlike verdicts."""
    import plotly.graph_objects as go

    pairs = Counter((round(x, 3), round(y, 3)) for _, x, y in view.points)
    names = {(round(x, 3), round(y, 3)): case for case, x, y in view.points}
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "dash": "dot"}, hoverinfo="skip", showlegend=False
    )
    for same, name, colour, symbol in ((True, "same verdict", BLUE, "circle"), (False, "unlike", VERMILION, "x")):
        chosen = [pair for pair in pairs if ((pair[0] >= view.threshold) == (pair[1] >= view.threshold)) is same]
        figure.add_scatter(
            x=[x for x, _ in chosen],
            y=[y for _, y in chosen],
            mode="markers",
            name=name,
            marker={
                "color": colour,
                "symbol": symbol,
                "size": [8 + 4 * min(pairs[pair], 64) ** 0.5 for pair in chosen],
                "opacity": 0.75,
            },
            customdata=[(pairs[pair], names[pair]) for pair in chosen],
            hovertemplate=f"{name}: %{{customdata[0]}} cases, such as %{{customdata[1]}}"
            f"<br>{view.a} %{{x:.2f}}<br>{view.b} %{{y:.2f}}<extra></extra>",
        )
    figure.update_layout(
        base_layout(view.title, height=380, x=view.a, y=view.b, showlegend=True),
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    figure.update_xaxes(range=[-0.05, 1.05])
    figure.update_yaxes(range=[-0.05, 1.05])
    return figure
