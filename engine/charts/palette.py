"""One palette for every chart: Okabe and Ito's colours, told apart with any kind of colour blindness, on light and dark."""

from __future__ import annotations

from typing import Any

BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE, GREY = (
    "#2A88C5", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7", "#8A96A3",
)  # fmt: skip
VERDICT_COLOURS = {"pass": GREEN, "fail": VERMILION, "no_data": GREY}
VERDICT_SYMBOLS = {"pass": "circle", "fail": "x", "no_data": "circle-open"}
VERDICT_WORDS = {"pass": "pass", "fail": "fail", "no_data": "no data"}
STATUS_COLOURS = {"passed": GREEN, "failed": VERMILION, "error": PURPLE, "unscored": GREY}
BAND = "rgba(42, 136, 197, 0.18)"


def base_layout(title: str, *, height: int, x: str = "", y: str = "", **more: Any) -> dict[str, Any]:
    """What all figures share: the title on the left, room for the axes' names, no legend unless asked for."""
    return {
        "title": {"text": title, "x": 0, "xanchor": "left", "font": {"size": 15}},
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 48, "b": 8},
        "xaxis": {"title": {"text": x}, "automargin": True, "zeroline": False},
        "yaxis": {"title": {"text": y}, "automargin": True, "zeroline": False},
        "showlegend": False,
        "hoverlabel": {"align": "left"},
        **more,
    }
