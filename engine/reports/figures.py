"""The ground under the charts: palette, a figure without pyplot, SVG for a page in light and dark, PNG for the PDF.

Colours are Okabe and Ito's (2008), safe for colour-blind readers. In the SVG each colour becomes a CSS variable, so that
the page's theme decides; the PNG keeps the light ones.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from html import escape

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK = "#1b2733"
MUTED = "#5b6875"
GRID = "#dfe4e9"
ZONE = "#e3f1ec"
PASS = "#009e73"
FAIL = "#d55e00"
NONE = "#8a949e"
PASS_INK = "#00694d"
FAIL_INK = "#a34400"
NONE_INK = "#56616c"
DATA = "#0072b2"
BAND = "#9ecbe6"
PAPER = "#fefefe"
VERDICT_COLOURS = {"pass": PASS, "fail": FAIL, "no_data": NONE}
VERDICT_INKS = {"pass": PASS_INK, "fail": FAIL_INK, "no_data": NONE_INK}
VERDICT_MARKERS = {"pass": "o", "fail": "X", "no_data": "o"}

CSS_NAMES = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    ZONE: "zone",
    PASS: "pass",
    FAIL: "fail",
    NONE: "none",
    PASS_INK: "pass-ink",
    FAIL_INK: "fail-ink",
    NONE_INK: "none-ink",
    DATA: "data",
    BAND: "band",
    PAPER: "paper",
}
WIDTH = 7.1  # inches: the text width of the PDF
DOTS_PER_INCH = 200
_drawing = threading.RLock()
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "phasegate",
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
}


@dataclass(frozen=True)
class Chart:
    """One drawn chart. ``title`` says the finding, empty in a continued part; a screen reader gets ``description``."""

    name: str
    title: str
    description: str
    figure: Figure

    @property
    def aspect(self) -> float:
        """Height over width."""
        width, height = self.figure.get_size_inches()
        return float(height / width)

    @cached_property
    def svg(self) -> str:
        """An ``<svg>`` element to stand in a page: ids of its own, colours as CSS variables, nothing from outside."""
        buffer = io.StringIO()
        with chart_style():
            self.figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        return _inline(buffer.getvalue(), self.name, self.description)

    @cached_property
    def png(self) -> bytes:
        """The same figure on white, for paper."""
        buffer = io.BytesIO()
        with chart_style():
            self.figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, facecolor="white", metadata={"Software": None})
        return buffer.getvalue()


@contextmanager
def chart_style() -> Iterator[None]:
    """Our look while drawing and saving. matplotlib's settings are the process's, so one thread at a time."""
    with _drawing, matplotlib.rc_context(_STYLE):
        yield


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of that size in inches, drawn without pyplot and so without global state."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes placed in inches from the lower left corner, with a bottom line only."""
    figure_width, figure_height = figure.get_size_inches()
    box = (left / figure_width, bottom / figure_height, width / figure_width, height / figure_height)
    axes = figure.add_axes(box)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_axisbelow(True)
    return axes


def place_text(figure: Figure, left: float, bottom: float, text: str, **style: object) -> None:
    """Text placed in inches from the lower left corner."""
    width, height = figure.get_size_inches()
    figure.text(left / width, bottom / height, text, **style)


def shorten(text: str, length: int) -> str:
    """At most ``length`` characters, cut at the end with an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _inline(document: str, name: str, description: str) -> str:
    svg = document[document.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = svg.replace("xlink:href=", "href=")
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    for colour, css in CSS_NAMES.items():
        svg = svg.replace(colour, f"var(--chart-{css})")
    svg = svg.replace("'DejaVu Sans'", "var(--sans)")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1)
