"""The charts of one run: how long its cases took, and which kinds of them fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.reports.run_model import RunReport
from engine.reports.wording import count_words, value_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from engine.reports.figures import Chart

MOST_TAGS = 12
MOST_RUNS = 6


def draw_run_charts(runs: Sequence[RunReport]) -> dict[str, list[Chart]]:
    """``latency-<i>`` and ``tags-<i>`` of each of the first runs."""
    from engine.reports.figures import chart_style

    charts: dict[str, list[Chart]] = {}
    with chart_style():
        for i, run in enumerate(runs[:MOST_RUNS]):
            for chart in (draw_latency(run, f"latency-{i}"), draw_tags(run, f"tags-{i}")):
                if chart is not None:
                    charts[chart.name] = [chart]
    return charts


def draw_latency(run: RunReport, name: str) -> Chart | None:
    """Histogram of a run's latencies with p50, p95 and p99."""
    from engine.reports import figures as f

    if run.latencies is None:
        return None
    p50, p95 = (value_words(run.latency_ms.get(key), "ms") for key in ("p50", "p95"))
    figure = f.new_figure(1.9, f.WIDTH / 2 - 0.1)
    axes = f.add_axes(figure, 0.45, 0.42, f.WIDTH / 2 - 0.1 - 0.55, 1.12)
    edges, counts = run.latencies.edges, run.latencies.counts
    axes.bar(edges[:-1], counts, width=edges[1] - edges[0], align="edge", color=f.DATA, edgecolor=f.PAPER, linewidth=0.5)  # fmt: skip
    axes.set_xlim(edges[0], edges[-1])
    top = max(counts)
    axes.set_ylim(0, top * 1.05)
    heights = {"p50": 1.05, "p95": 1.14, "p99": 1.23}  # the slower the taller: a label never meets another's line
    for key, height in heights.items():
        value = run.latency_ms.get(key)
        if value is None or value > edges[-1]:
            continue
        axes.plot([value, value], [0, top * height], color=f.INK, linewidth=1.0, linestyle=(0, (3, 2)), clip_on=False)
        axes.annotate(key, (value, top * height), xytext=(-2.5, 0), textcoords="offset points", ha="right", va="center",
                      fontsize=7, annotation_clip=False)  # fmt: skip
    slower = f" ({run.latencies.beyond} slower not drawn)" if run.latencies.beyond else ""
    axes.set_xlabel(f"time to answer a case, ms{slower}", fontsize=7, labelpad=2)
    axes.set_ylabel("cases", fontsize=7, labelpad=2)
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    title = f"Half took up to {p50}, 95 % up to {p95}"
    description = f"{title}. {count_words(sum(counts) + run.latencies.beyond, 'case')} timed."
    return f.Chart(name, title, description, figure)


def draw_tags(run: RunReport, name: str) -> Chart | None:
    """Stacked bars: passed, failed, errors per tag; most failures first."""
    from engine.reports import figures as f

    tags = [tag for tag in run.tags if tag.passed + tag.failed + tag.errors][:MOST_TAGS]
    if not tags:
        return None
    height = 0.62 + 0.2 * len(tags)
    width = f.WIDTH / 2 - 0.1
    figure = f.new_figure(height, width)
    axes = f.add_axes(figure, 1.18, 0.34, width - 1.18 - 0.62, height - 0.6)
    y = range(len(tags))[::-1]
    left = [0] * len(tags)
    for label, colour, hatch, values in (
        ("passed", f.PASS, "", [tag.passed for tag in tags]),
        ("failed", f.FAIL, "////", [tag.failed for tag in tags]),
        ("errors", f.INK, "", [tag.errors for tag in tags]),
    ):
        if any(values):
            axes.barh(list(y), values, left=left, height=0.68, color=colour, hatch=hatch, edgecolor=f.PAPER,
                      linewidth=0.4, label=label)  # fmt: skip
        left = [a + b for a, b in zip(left, values, strict=True)]
    axes.set_yticks(list(y), [f.shorten(tag.tag, 20) for tag in tags])
    axes.tick_params(axis="y", length=0, labelcolor=f.INK)
    for row, tag, total in zip(y, tags, left, strict=True):
        axes.annotate(f"{tag.passed} of {total}", (total, row), xytext=(3, 0), textcoords="offset points", va="center",
                      fontsize=6.8, color=f.MUTED)  # fmt: skip
    _tag_axis(axes, height)
    title = _tags_title(run)
    words = "; ".join(f"{tag.tag} {tag.passed} of {total} passed" for tag, total in zip(tags, left, strict=True))
    return f.Chart(name, title, f"{title}. {words}.", figure)


def _tag_axis(axes: Axes, height: float) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_xlabel("cases (a case may carry several tags)", fontsize=7, labelpad=2)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, frameon=False, fontsize=6.8,
                handlelength=1.1, columnspacing=1.0, handletextpad=0.4, borderaxespad=0.1)  # fmt: skip


def _tags_title(run: RunReport) -> str:
    worst = max(run.tags, key=lambda tag: tag.failed + tag.errors)
    lost = worst.failed + worst.errors
    if not lost:
        return "No case failed under any tag"
    return f"“{worst.tag}” fails most: {lost} of {count_words(worst.total, 'case')}"
