from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.reports import build_report, render_formats
from engine.reports.build_run import count_histogram, count_tags
from engine.reports.report import PhaseReport
from engine.roadmap.gates import check_gate
from engine.roadmap.roadmaps import list_roadmap_names, load_roadmap
from engine.roadmap.types import Roadmap
from engine.store import Store, open_store
from tests.engine.reports.seeded import NEWEST, record_run


def test_the_report_holds_the_gates_own_goals(report: PhaseReport, roadmap: Roadmap, store: Store) -> None:
    assert report.goals == check_gate(roadmap, 2, store).goals
    assert {goal.verdict for goal in report.goals} == {"pass", "fail", "no_data"}


def test_the_evidence_is_the_newest_complete_run_of_each_suite(report: PhaseReport) -> None:
    assert {run.suite: run.run_id for run in report.runs} == NEWEST


def test_a_run_says_how_many_cases_passed_failed_and_broke(report: PhaseReport) -> None:
    for run in report.runs:
        assert run.passed + run.failed + run.errors + run.unscored == run.cases
        assert run.success_rate.value == run.passed / run.cases
        assert run.success_rate.low < run.success_rate.value < run.success_rate.high
        assert run.failing_total == run.failed + run.errors
        assert run.latencies is not None
        assert sum(run.latencies.counts) + run.latencies.beyond == run.cases


def test_broken_cases_come_first_among_the_failing_ones(report: PhaseReport) -> None:
    for run in report.runs:
        states = [case.status for case in run.failing]
        assert states == sorted(states)
        assert all(case.why for case in run.failing)


def test_claims_of_the_document_stay_apart_from_what_was_measured(report: PhaseReport) -> None:
    assert 0.896 in [claim.value for claim in report.claims]
    assert 0.896 not in [goal.value for goal in report.goals]


def test_a_trend_ends_with_the_value_that_the_gate_read(report: PhaseReport) -> None:
    assert report.trends
    for trend in report.trends:
        assert trend.points[-1].value == pytest.approx(trend.goal.value)
        assert [p.started_at for p in trend.points] == sorted(p.started_at for p in trend.points)


def test_a_chosen_run_is_the_only_evidence(roadmap: Roadmap, store: Store) -> None:
    report = build_report(roadmap, 2, store, run_id="run-stories-1")
    assert [run.run_id for run in report.runs] == ["run-stories-1"]


def test_an_empty_store_gives_a_report_without_data(roadmap: Roadmap, empty_store: Store) -> None:
    report = build_report(roadmap, 2, empty_store)
    assert report.gate.verdict == "no_data"
    assert all(goal.value is None for goal in report.goals)
    assert report.runs == () and report.trends == ()


def test_an_unknown_phase_is_named(roadmap: Roadmap, store: Store) -> None:
    with pytest.raises(InputError, match="9"):
        build_report(roadmap, 9, store)


@pytest.mark.parametrize("name", list_roadmap_names())
def test_every_phase_of_every_shipped_roadmap_can_be_reported(name: str, store: Store) -> None:
    for phase in load_roadmap(name).phases:
        report = build_report(name, phase.number, store)
        rendered = render_formats(report, ["md", "json", "csv", "junit"])
        assert all(goal.kpi.encode() in content for goal in report.goals for content in rendered.values())


def test_a_report_of_an_unfinished_run_does_not_count_it(roadmap: Roadmap, tmp_path) -> None:
    with open_store(tmp_path) as store:
        record_run(store, "run-a", "stories", 3, 40, 0.9, 10.0)
        store.execute("UPDATE runs SET status = 'interrupted'")
        assert build_report(roadmap, 2, store).runs == ()


def test_one_hanging_case_does_not_flatten_the_histogram() -> None:
    histogram = count_histogram([10.0] * 500 + [60_000.0])
    assert histogram is not None
    assert histogram.edges[-1] < 100
    assert (sum(histogram.counts), histogram.beyond) == (500, 1)
    assert count_histogram([]) is None
    assert count_histogram([0.0, 0.0]) is not None


def test_the_tag_with_most_failures_comes_first() -> None:
    counts = {
        "a": {"passed": 5, "failed": 0, "errors": 0, "unscored": 0},
        "b": {"passed": 0, "failed": 0, "errors": 1, "unscored": 0},
    }
    assert [(tag.tag, tag.total) for tag in count_tags(counts)] == [("b", 1), ("a", 5)]
