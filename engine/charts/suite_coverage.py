"""How much of each document of a corpus a suite's cases touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, GREY, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.suite_building.coverage import Coverage

MOST = 40


def build_coverage_chart(coverage: Coverage) -> go.Figure:
    """Share of each document's characters in gold spans, with the number of its cases; the least touched on top."""
    import plotly.graph_objects as go

    documents = sorted(coverage.documents, key=lambda d: (d.share, d.cases, d.document))[:MOST][::-1]
    figure = go.Figure(
        go.Bar(
            x=[100 * document.share for document in documents],
            y=[_shorten(document.document) for document in documents],
            orientation="h",
            marker_color=[BLUE if document.cases else GREY for document in documents],
            text=[f"{document.cases} {'case' if document.cases == 1 else 'cases'}" for document in documents],
            textposition="auto",
            cliponaxis=False,
            customdata=[[document.characters, len(document.untouched), document.headings] for document in documents],
            hovertemplate="%{y}<br>%{x:.1f} % of %{customdata[0]:,} characters<br>%{customdata[1]} of %{customdata[2]} headings "
            "without a case<extra></extra>",
        )
    )
    count = coverage.touched
    title = f"{count} of {len(coverage.documents)} documents have a case"
    if len(coverage.documents) > MOST:
        title += f"; the {MOST} least touched"
    height = max(220, 90 + 22 * len(documents))
    figure.update_layout(base_layout(title, height=height, x="% of the characters in gold spans"))
    return figure


def _shorten(name: str, most: int = 38) -> str:
    return name if len(name) <= most else f"…{name[-most + 1 :]}"
