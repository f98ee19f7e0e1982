"""The forest of a comparison: one line per measure, drawn in the direction that is better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.evaluation.comparing.types import MeasureDifference, PairComparison
from engine.evaluation.comparing.wording import VERDICT_WORDS, name_measure, write_size

if TYPE_CHECKING:
    from engine.reports.figures import Chart

ROW = 0.27  # inches
LEFT, WIDTH = 2.2, 3.7
TITLES = {"share": "Rates, in points", "score": "Means", "ms": "Latency, in ms"}


def draw_forest(pair: PairComparison, name: str) -> list[Chart]:
    """One chart for each unit that has a difference; each has an axis of its own."""
    from engine.reports.figures import chart_style

    with chart_style():
        return [
            _draw(
                pair, [m for m in pair.measures if m.unit == unit and m.difference is not None], f"{name}-{unit}", title
            )
            for unit, title in TITLES.items()
            if any(m.unit == unit and m.difference is not None for m in pair.measures)
        ]


def _draw(pair: PairComparison, measures: Sequence[MeasureDifference], name: str, title: str) -> Chart:
    from engine.reports import figures as f

    height = ROW * len(measures)
    figure = f.new_figure(height + 0.42)
    axes = f.add_axes(figure, LEFT, 0.36, WIDTH, height)
    axes.set_ylim(len(measures) - 0.5, -0.5)
    axes.set_yticks([])
    axes.axvline(0, color=f.INK, linewidth=1.0)
    scale = 100.0 if measures[0].unit == "share" else 1.0
    colours = {"better": f.PASS, "worse": f.FAIL}
    markers = {"better": "^", "worse": "v"}
    for i, m in enumerate(measures):
        sign = scale * (1 if m.higher_is_better else -1)
        if m.noise:
            band = scale * m.noise.band
            axes.fill_between([-band, band], i - 0.4, i + 0.4, color=f.BAND, alpha=0.5, linewidth=0)
        colour = colours.get(m.verdict, f.NONE)
        if m.low is not None and m.high is not None:
            axes.plot([sign * m.low, sign * m.high], [i, i], color=colour, linewidth=2.2, solid_capstyle="butt")
        marker = markers.get(m.verdict, "o")
        axes.plot([sign * (m.difference or 0.0)], [i], marker, color=colour, markersize=5.5, markeredgecolor=f.PAPER)
        bottom = 0.36 + height - ROW * (i + 0.5)
        f.place_text(
            figure, 0.0, bottom, f.shorten(name_measure(m.measure), 32), va="center", fontsize=7.5, color=f.INK
        )
        words = write_size(m.difference, m.unit, "+")
        f.place_text(figure, 7.05, bottom, words, ha="right", va="center", fontsize=7.5, color=f.INK)
    ends = [end for m in measures for end in (m.difference, m.low, m.high, m.noise and m.noise.band) if end is not None]
    reach = 1.08 * scale * max(map(abs, ends)) or 1.0  # zero in the middle
    axes.set_xlim(-reach, reach)
    axes.set_xlabel(f"← {pair.b.label} worse    {pair.b.label} better →", fontsize=7)
    description = " ".join(
        f"{name_measure(m.measure)}: {write_size(m.difference, m.unit, '+')}, {VERDICT_WORDS[m.verdict]}."
        for m in measures
    )
    return f.Chart(name, title, description, figure)
