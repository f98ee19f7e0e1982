"""The charts of a report, drawn from the rows that its tables print: goals and trends here, runs in `run_charts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from engine.reports.report import KpiTrend, PhaseReport
from engine.reports.run_charts import draw_run_charts
from engine.reports.wording import GOAL_WORDS, NO_DATA, count_words, goal_words, unit_words, value_words
from engine.roadmap.types import GoalVerdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from engine.reports.figures import Chart

T = TypeVar("T")
GOALS_A_PART = 10  # a part is never cut by the end of a page
TRENDS_A_PART = 2
LEAST_SPAN = 0.1  # of a share, drawn at least
BULLET_ROW, BARE_ROW = 0.52, 0.36  # inches, as all lengths here
BAR_LEFT, BAR_WIDTH = 2.35, 3.45


def draw_charts(report: PhaseReport) -> dict[str, list[Chart]]:
    """Charts by name: ``goals``, ``trends``, and per drawn run ``latency-<i>`` and ``tags-<i>``; in parts where long."""
    from engine.reports.figures import chart_style

    with chart_style():
        return {"goals": draw_goals(report), "trends": draw_trends(report)} | draw_run_charts(report.runs)


def draw_goals(report: PhaseReport) -> list[Chart]:
    """One bullet per goal, in the goal's own unit: the value, its interval, the goal line and the side that meets it.

    A goal without data is a dashed line without a scale.
    """
    from engine.reports.figures import Chart, new_figure

    parts = []
    for number, goals in enumerate(_split(report.goals, GOALS_A_PART)):
        heights = [BARE_ROW if goal.value is None else BULLET_ROW for goal in goals]
        figure = new_figure(sum(heights) + 0.06)
        bottom = sum(heights) + 0.06
        for goal, height in zip(goals, heights, strict=True):
            bottom -= height
            _draw_label(figure, goal, bottom + height * 0.6)
            (_draw_missing if goal.value is None else _draw_bullet)(figure, goal, bottom, height)
        description = " ".join(
            f"{goal.title}: {value_words(goal.value, goal.unit, goal.threshold)}, "
            f"goal {goal_words(goal.direction, goal.threshold, goal.unit)}."
            for goal in goals
        )
        title = "" if number else _capital(report.counts_words)
        parts.append(Chart(f"goals-{number}", title, description, figure))
    return parts


def _split(rows: Sequence[T], size: int) -> list[Sequence[T]]:
    return [rows[i : i + size] for i in range(0, len(rows), size)]


def _draw_label(figure: Figure, goal: GoalVerdict, middle: float) -> None:
    from engine.reports import figures as f

    f.place_text(figure, 0.0, middle, f.shorten(goal.title, 36), va="center", fontsize=8, color=f.INK)
    words = f"goal {goal_words(goal.direction, goal.threshold, goal.unit)}"
    f.place_text(figure, 0.0, middle - 0.15, words, va="center", fontsize=7, color=f.MUTED)


def _draw_missing(figure: Figure, goal: GoalVerdict, bottom: float, row: float) -> None:
    from engine.reports import figures as f

    axes = f.add_axes(figure, BAR_LEFT, bottom + row * 0.3, BAR_WIDTH, row * 0.4)
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(-1, 1)
    axes.plot([0, 0.42], [0, 0], color=f.NONE, linewidth=0.9, linestyle=(0, (2, 3)))
    axes.plot([0.58, 1], [0, 0], color=f.NONE, linewidth=0.9, linestyle=(0, (2, 3)))
    axes.text(0.5, 0, NO_DATA, ha="center", va="center", fontsize=7.5, style="italic", color=f.MUTED)
    middle = bottom + row * 0.5
    f.place_text(figure, 7.05, middle, "not measured", ha="right", va="center", fontsize=7, color=f.NONE_INK)


def _draw_bullet(figure: Figure, goal: GoalVerdict, bottom: float, row: float) -> None:
    from engine.reports import figures as f

    if goal.value is None:
        raise ValueError(f"{goal.kpi} has no value to draw")
    axes = f.add_axes(figure, BAR_LEFT, bottom + row * 0.36, BAR_WIDTH, row * 0.44)
    scale = 100.0 if goal.unit == "share" else 1.0
    start, end = _bullet_range(goal, scale)
    axes.set_xlim(start, end)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    limit = goal.threshold * scale
    meets = (limit, end) if goal.direction.startswith(">") else (start, limit)
    axes.axvspan(*meets, color=f.ZONE, linewidth=0)
    axes.axvline(limit, color=f.INK, linewidth=1.6)
    colour = f.VERDICT_COLOURS[goal.verdict]
    if (goal.low, goal.high) != (None, None):
        low = start if goal.low is None else goal.low * scale
        high = end if goal.high is None else goal.high * scale
        axes.plot([low, high], [0, 0], color=colour, linewidth=5, alpha=0.38, solid_capstyle="butt")
    axes.plot([goal.value * scale], [0], f.VERDICT_MARKERS[goal.verdict], color=colour, markersize=7.5,
              markeredgecolor=f.PAPER, markeredgewidth=0.8, clip_on=False, zorder=5)  # fmt: skip
    _few_ticks(axes, goal.unit)
    middle = bottom + row * 0.6
    value = value_words(goal.value, goal.unit, goal.threshold)
    f.place_text(figure, 7.05, middle, value, ha="right", va="center", fontsize=8.5, weight="bold", color=f.INK)
    f.place_text(figure, 7.05, middle - 0.15, GOAL_WORDS[goal.verdict], ha="right", va="center", fontsize=7,
                 color=f.VERDICT_INKS[goal.verdict])  # fmt: skip


def _bullet_range(goal: GoalVerdict, scale: float) -> tuple[float, float]:
    """A share or score: a window around goal and interval, within 0 to 1. All else: from zero to beyond the largest."""
    seen = [goal.threshold, *(x for x in (goal.value, goal.low, goal.high) if x is not None)]
    if goal.unit in ("share", "score") and min(seen) >= 0 and max(seen) <= 1:
        span = max(max(seen) - min(seen), LEAST_SPAN)
        middle = (max(seen) + min(seen)) / 2
        return max(0.0, middle - 1.1 * span) * scale, min(1.0, middle + 1.1 * span) * scale
    least, most = min(0.0, *seen) * scale, max(0.0, *seen) * scale
    if least == most:
        return 0.0, 1.0
    return least * 1.2, most * 1.2


def _few_ticks(axes: Axes, unit: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    suffix = unit_words(unit)
    suffix = "" if suffix in ("value", "count", "score", "done") else suffix
    axes.xaxis.set_major_formatter(lambda x, _: f"{round(x, 6):,.10g} {suffix}".strip())
    axes.tick_params(axis="x", labelsize=6.8, pad=1.5, length=2)


def draw_trends(report: PhaseReport) -> list[Chart]:
    """Small multiples: each KPI with at least two runs, its interval as a band, the goal as a line."""
    from engine.reports.figures import WIDTH, Chart, new_figure

    trends = [trend for trend in report.trends if len(trend.points) >= 2]
    columns, height = 2, 1.72
    width = WIDTH / columns
    parts = []
    for number, chosen in enumerate(_split(trends, TRENDS_A_PART)):
        rows = math.ceil(len(chosen) / columns)
        figure = new_figure(rows * height)
        for i, trend in enumerate(chosen):
            column, line = i % columns, rows - 1 - i // columns
            _draw_trend(figure, trend, column * width, line * height, width, height)
        description = " ".join(_trend_finding(trend) + "." for trend in chosen)
        title = "" if number else _trends_title(trends)
        parts.append(Chart(f"trends-{number}", title, description, figure))
    return parts


def _draw_trend(figure: Figure, trend: KpiTrend, left: float, bottom: float, width: float, height: float) -> None:
    from engine.reports import figures as f

    goal, points = trend.goal, trend.points
    f.place_text(
        figure, left, bottom + height - 0.12, f.shorten(goal.title, 44), va="center", fontsize=8, weight="bold"
    )
    f.place_text(figure, left, bottom + height - 0.28, f.shorten(_trend_words(trend), 58), va="center", fontsize=6.8,
                 color=f.MUTED)  # fmt: skip
    axes = f.add_axes(figure, left + 0.52, bottom + 0.38, width - 0.80, height - 0.78)
    scale = 100.0 if goal.unit == "share" else 1.0
    x = list(range(1, len(points) + 1))
    values = [point.value * scale for point in points]
    lows = [(point.value if point.low is None else point.low) * scale for point in points]
    highs = [(point.value if point.high is None else point.high) * scale for point in points]
    axes.fill_between(x, lows, highs, color=f.BAND, alpha=0.55, linewidth=0)
    axes.plot(x, values, color=f.DATA, linewidth=1.6, marker="o", markersize=3.6)
    limit = goal.threshold * scale
    axes.axhline(limit, color=f.INK, linewidth=1.2, linestyle=(0, (4, 2)))
    bottom_y, top_y = min(*lows, limit), max(*highs, limit)
    margin = (top_y - bottom_y or abs(limit) or 1.0) * 0.18
    floor = 0.0 if min(*lows, limit) >= 0 else -math.inf
    ceiling = 103.0 if goal.unit == "share" and top_y <= 100 else math.inf
    axes.set_ylim(max(bottom_y - margin, floor), min(top_y + margin, ceiling))
    axes.set_xlim(0.8, len(points) + 0.2)
    axes.annotate("goal", (1, limit), xycoords=("axes fraction", "data"), xytext=(2, 0), textcoords="offset points",
                  fontsize=6.5, color=f.INK, va="center", annotation_clip=False)  # fmt: skip
    _trend_axis(axes, trend)


def _trend_axis(axes: Axes, trend: KpiTrend) -> None:
    from matplotlib.ticker import MaxNLocator

    from engine.reports import figures as f

    points = trend.points
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(lambda y, _: f"{round(y, 6):,.10g}")
    axes.set_ylabel(unit_words(trend.goal.unit), fontsize=7, labelpad=2)
    axes.grid(axis="y", color=f.GRID, linewidth=0.6)
    step = max(1, math.ceil(len(points) / 5))
    ticks = list(range(len(points), 0, -step))[::-1]
    days = [points[i - 1].started_at.strftime("%d %b") for i in ticks]
    if len(set(days)) < len(days):
        days = [points[i - 1].started_at.strftime("%d %b\n%H:%M") for i in ticks]
    axes.set_xticks(ticks, days)


def _trend_words(trend: KpiTrend) -> str:
    unit, points = trend.goal.unit, trend.points
    first, last = (value_words(point.value, unit, trend.goal.threshold) for point in (points[0], points[-1]))
    if first == last:
        return f"{last} in the first and the last of {len(points)} runs"
    return f"from {first} to {last} over {len(points)} runs"


def _trend_finding(trend: KpiTrend) -> str:
    goal = goal_words(trend.goal.direction, trend.goal.threshold, trend.goal.unit)
    return f"{trend.goal.title}: {_trend_words(trend)}, goal {goal}"


def _trends_title(trends: list[KpiTrend]) -> str:
    better = worse = 0
    for trend in trends:
        change = trend.points[-1].value - trend.points[0].value
        gain = change if trend.goal.direction.startswith(">") else -change
        better, worse = better + (gain > 0), worse + (gain < 0)
    same = len(trends) - better - worse
    parts = [f"{count_words(better, 'KPI')} better"] if better else []
    parts += [f"{count_words(worse, 'KPI') if not parts else worse} worse"] if worse else []
    parts += [f"{count_words(same, 'KPI') if not parts else same} unchanged"] if same else []
    return f"Since the first run: {', '.join(parts)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
