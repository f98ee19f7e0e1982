from __future__ import annotations

import dataclasses
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.reports import render_report
from engine.reports.charts import draw_charts, draw_goals
from engine.reports.report import PhaseReport
from engine.roadmap.types import Roadmap
from engine.store import Store


def _texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_a_kpi_without_data_is_drawn_as_no_data_and_not_as_zero(report: PhaseReport) -> None:
    missing = tuple(goal for goal in report.goals if goal.verdict == "no_data")
    gate = dataclasses.replace(report.gate, goals=missing)
    (chart,) = draw_goals(dataclasses.replace(report, gate=gate))
    assert _texts(chart.svg).count("no data") == len(missing)
    (axes,) = chart.figure.axes
    assert [line for line in axes.lines if line.get_marker() not in (None, "None", "")] == []


def test_a_measured_goal_is_drawn_at_its_value_with_its_interval_and_the_goal_line(report: PhaseReport) -> None:
    goals = [goal for goal in report.goals if goal.value is not None]
    charts = draw_goals(dataclasses.replace(report, gate=dataclasses.replace(report.gate, goals=tuple(goals))))
    axes = [a for chart in charts for a in chart.figure.axes]
    for goal, ax in zip(goals, axes, strict=True):
        scale = 100 if goal.unit == "share" else 1
        drawn = [list(line.get_xdata()) for line in ax.lines]
        assert [goal.value * scale] in drawn
        assert [goal.threshold * scale] * 2 in drawn
        low, high = ax.get_xlim()
        assert low <= goal.value * scale <= high and low <= goal.threshold * scale <= high


def test_titles_say_what_was_found(report: PhaseReport) -> None:
    charts = draw_charts(report)
    assert charts["goals"][0].title == report.counts_words
    assert charts["trends"][0].title.startswith("Since the first run: ")
    worst = report.runs[0].tags[0]
    lost = worst.failed + worst.errors
    assert charts["tags-0"][0].title == f"“{worst.tag}” fails most: {lost} of {worst.total} cases"
    assert charts["latency-0"][0].title.startswith("Half took up to ")


def test_each_plot_names_its_unit(report: PhaseReport) -> None:
    charts = draw_charts(report)
    assert "time to answer a case, ms" in _texts(charts["latency-0"][0].svg)
    by_title = {trend.goal.unit for trend in report.trends}
    words = {text for chart in charts["trends"] for text in _texts(chart.svg)}
    assert by_title == {"share", "ms"} and {"%", "ms"} <= words


def test_without_runs_there_is_no_empty_chart(roadmap: Roadmap, empty_store: Store) -> None:
    from engine.reports import build_report

    charts = draw_charts(build_report(roadmap, 2, empty_store))
    assert charts["trends"] == [] and set(charts) == {"goals", "trends"}


def test_pages_rendered_at_once_by_several_threads_are_the_same(report: PhaseReport) -> None:
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(lambda _: render_report(report, "html"), range(2)))
    assert len(set(pages)) == 1


@pytest.mark.parametrize("value", [0.0, 1.0, 1.7, -0.2])
def test_a_share_outside_its_range_is_still_on_the_plot(report: PhaseReport, value: float) -> None:
    goal = dataclasses.replace(report.goals[0], value=value, low=None, high=None)
    (chart,) = draw_goals(dataclasses.replace(report, gate=dataclasses.replace(report.gate, goals=(goal,))))
    low, high = chart.figure.axes[0].get_xlim()
    assert low <= value * 100 <= high and low < high
