"""Charts of the Tuning lab: one document as a strip, and differences from the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.charts.palette import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.tuning_measures import Difference
    from engine.views.tuning_question import Bar, Strip

LAYER_COLOURS = {"gold": ORANGE, "context": BLUE, "retrieved": SKY, "chunks": GREY}
STATE_COLOURS = {"better": GREEN, "worse": VERMILION, "unclear": GREY, "same": GREY}
STATE_SYMBOLS = {"better": "triangle-up", "worse": "triangle-down", "unclear": "circle-open", "same": "circle-open"}


def build_document_strip(strip: Strip) -> go.Figure:
    """A document from its first character to its last, one band per layer: chunks, retrieved, context, gold.

    Neighbouring chunks stand on two heights, so that borders and overlaps are seen.
    """
    import plotly.graph_objects as go

    names = list(strip.layers)
    layout = base_layout(strip.title, height=176, x=f"characters of {strip.document}", barmode="overlay", bargap=0.1)
    layout["xaxis"] |= {"range": [0, max(1, strip.length)], "tickformat": ",d"}
    layout["yaxis"] |= {
        "tickvals": list(range(len(names))),
        "ticktext": names[::-1],
        "range": [-0.55, len(names) - 0.45],
        "showgrid": False,
    }
    # One call: every later update of a figure costs milliseconds, and this one is drawn at each move of a slider.
    traces = [_build_layer(name, bars, len(names) - 1 - row) for row, (name, bars) in enumerate(strip.layers.items())]
    return go.Figure(data=traces, layout=layout)


def _build_layer(name: str, bars: Sequence[Bar], row: int) -> dict[str, Any]:
    lifted = [0.26 * (i % 2) - 0.13 if name == "chunks" else 0.0 for i in range(len(bars))]
    return {
        "type": "bar",
        "x": [bar.end - bar.start for bar in bars],
        "base": [bar.start for bar in bars],
        "y": [row + lift for lift in lifted],
        "width": 0.24 if name == "chunks" else 0.6,
        "orientation": "h",
        "name": name,
        "marker": {"color": LAYER_COLOURS[name], "line": {"width": 0.5, "color": "rgba(128, 128, 128, 0.6)"}},
        "text": [bar.label for bar in bars] if name == "retrieved" else None,
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "textfont": {"size": 10, "color": "#10242F"},
        "constraintext": "none",
        "customdata": [bar.words for bar in bars],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def build_difference_chart(rows: Sequence[Difference], title: str) -> go.Figure:
    """Paired differences of measures on [0, 1] with their 95 % intervals; better and worse differ in colour and shape."""
    import plotly.graph_objects as go

    shown = [row for row in rows if row.state in STATE_COLOURS]
    ends = [abs(end) for row in shown for end in (row.low, row.high, row.value) if end is not None]
    reach = max([0.02, *ends]) * 1.15
    layout = base_layout(title, height=70 + 26 * max(2, len(shown)), x="difference from the baseline")
    layout["xaxis"] |= {"range": [-reach, reach]}
    layout["yaxis"] |= {"autorange": "reversed", "showgrid": True}
    layout["shapes"] = [
        {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": GREY, "width": 1.2}}
    ]
    dots = {
        "type": "scatter",
        "x": [row.value for row in shown],
        "y": [row.title for row in shown],
        "mode": "markers",
        "marker": {
            "size": 11,
            "color": [STATE_COLOURS[row.state] for row in shown],
            "symbol": [STATE_SYMBOLS[row.state] for row in shown],
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [(row.value if row.high is None else row.high) - row.value for row in shown],
            "arrayminus": [row.value - (row.value if row.low is None else row.low) for row in shown],
            "color": GREY,
            "thickness": 1.6,
            "width": 4,
        },
        "customdata": [row.words for row in shown],
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }
    return go.Figure(data=[dots], layout=layout)
