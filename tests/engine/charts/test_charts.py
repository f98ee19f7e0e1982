import subprocess
import sys
from datetime import datetime

from engine.charts.distributions import build_histogram
from engine.charts.kpis import build_kpi_history, build_timeline
from engine.charts.measures import build_measure_chart
from engine.charts.palette import VERDICT_COLOURS, VERDICT_SYMBOLS
from engine.charts.timings import build_waterfall
from engine.views.answers import Stage
from engine.views.kpis import KpiSeries, Point
from engine.views.run import MeasureRow
from engine.views.timeline import PlanView, TimelineBar


def test_plotly_is_imported_with_the_first_figure_only() -> None:
    code = (
        "import sys, engine.charts.kpis, engine.charts.timings, engine.charts.measures, engine.charts.distributions; "
    )
    result = subprocess.run(
        [sys.executable, "-c", code + "print('plotly' in sys.modules)"], capture_output=True, text=True
    )
    assert result.stdout.strip() == "False", result.stderr


def test_verdicts_differ_in_shape_as_well_as_in_colour() -> None:
    assert len(set(VERDICT_COLOURS.values())) == len(set(VERDICT_SYMBOLS.values())) == 3


def test_a_waterfall_bar_begins_where_the_one_before_ends() -> None:
    stages = [Stage(name="a", begins=0.0, lasts=2.0), Stage(name="b", begins=2.0, lasts=5.0)]
    bar = build_waterfall(stages, "7 ms").data[0]
    assert list(bar.base) == [0.0, 2.0] and list(bar.x) == [2.0, 5.0]
    assert bar.marker.color[0] != bar.marker.color[1]


def test_a_histogram_counts_every_value() -> None:
    assert sum(build_histogram([1, 2, 2, 9], "t", "ms").data[0].y) == 4


def test_a_measure_without_a_mean_is_not_drawn_as_zero() -> None:
    row = {"low": None, "high": None, "scored": 0, "applicable": 3, "not_applicable": 0, "description": ""}
    rows = [MeasureRow(name="a", mean=None, **row), MeasureRow(name="b", mean=0.5, **row)]  # type: ignore[arg-type]
    assert list(build_measure_chart(rows, "t").data[0].y) == ["b"]


def series(*points: Point) -> KpiSeries:
    return KpiSeries(
        kpi="k", title="K", finding="K misses its goal", axis="%", as_percent=True, goal=0.75, goal_words="≥ 75 %",
        points=points, borders=(),
    )  # fmt: skip


def point(day: int, value: float) -> Point:
    verdict = "pass" if value >= 0.75 else "fail"
    return Point(
        when=datetime(2026, 1, day), value=value, low=value - 0.1, high=None, n=9, run_id="r", verdict=verdict, words=""
    )


def test_a_history_has_its_goal_line_even_without_a_value() -> None:
    assert build_kpi_history(series()).layout.shapes[0].y0 == 0.75


def test_a_single_value_is_drawn_on_an_axis_of_a_day() -> None:
    start, end = build_kpi_history(series(point(2, 0.5))).layout.xaxis.range
    assert (end - start).days == 1


def test_points_carry_their_verdict_as_a_symbol() -> None:
    figure = build_kpi_history(series(point(2, 0.5), point(3, 0.8)))
    assert list(figure.data[-1].marker.symbol) == ["x", "circle"]


def test_a_plan_without_dates_is_drawn_in_days() -> None:
    bar = TimelineBar(
        label="a", words="pass", hover="", begins=0.0, length=5.0, dated=False, is_phase=True, verdict="pass"
    )
    plan = PlanView(bars=(bar,), title="t", axis="days", today="", undated=())
    assert build_timeline(plan).layout.xaxis.type is None


def test_a_plan_with_dates_has_a_line_at_today() -> None:
    begins = {"begins": "2026-01-01", "length": 5 * 86_400_000.0, "dated": True}
    bar = TimelineBar(label="a", words="fail, 1 waived", hover="", is_phase=True, verdict="fail", **begins)  # type: ignore[arg-type]
    plan = PlanView(bars=(bar,), title="t", axis="", today="2026-01-03", undated=())
    figure = build_timeline(plan)
    assert figure.layout.shapes[0].x0 == "2026-01-03" and figure.layout.annotations[0].text == "today"
