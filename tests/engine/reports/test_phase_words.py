"""The first screen: at most five figures, what is missing, the next step."""

from __future__ import annotations

import dataclasses
import datetime

from engine.reports import build_report, render_report
from engine.reports.method import method_rows
from engine.reports.phase_words import figure_lines, find_next_step, missing_words, rest_words
from engine.reports.report import PhaseReport
from engine.roadmap.types import Roadmap
from engine.store import Store

WAIVER = {
    "who": "Ann",
    "reason": "comes with the next release",
    "expires_on": "2030-01-31",
    "given_at": "2026-03-01T00:00:00Z",
}


def with_verdicts(report: PhaseReport, *verdicts: str) -> PhaseReport:
    """The report with its measured goals turned to these verdicts, and only those goals."""
    measured = [goal for goal in report.goals if goal.value is not None][: len(verdicts)]
    goals = tuple(
        dataclasses.replace(
            goal,
            verdict="fail" if verdict == "waived" else verdict,
            waiver=WAIVER if verdict == "waived" else None,
        )
        for goal, verdict in zip(measured, verdicts, strict=True)
    )
    counted = {goal.counted for goal in goals}
    verdict = next(v for v in ("fail", "no_data", "pass") if v in counted)
    return dataclasses.replace(report, gate=dataclasses.replace(report.gate, goals=goals, verdict=verdict))


def test_at_most_five_figures_and_the_missed_goals_come_first(report: PhaseReport) -> None:
    lines = figure_lines(report)
    assert len(lines) == 5
    order = ["fail", "waived", "no_data", "pass"]
    assert [order.index(line.verdict) for line in lines] == sorted(order.index(line.verdict) for line in lines)
    measured = sum(goal.value is not None for goal in report.goals)
    assert rest_words(report) == f"{measured - 5} more goal below."


def test_the_first_lines_of_the_markdown_hold_verdict_figures_and_next_step(report: PhaseReport) -> None:
    lines = render_report(report, "md").decode().splitlines()
    assert lines[0].startswith("# ✘ FAIL: ")
    before_goals = lines[: lines.index("## Goals")]
    assert any(line.startswith("**Missing:**") for line in before_goals)
    assert any(line.startswith("**Next step:**") for line in before_goals)


def test_what_is_missing_names_goals_without_data_and_signatures(report: PhaseReport) -> None:
    words = missing_words(report)
    assert "No data for Availability under load." in words
    assert "Nobody has signed the phase." in words
    assert "5 of 5 items of the checklist not ticked." in words


def test_a_missed_goal_leads_to_its_failing_cases(report: PhaseReport) -> None:
    missed = with_verdicts(report, "fail", "pass")
    step = find_next_step(missed)
    run = next(run for run in missed.runs if run.run_id in missed.goals[0].runs)
    assert missed.goals[0].title in step.words
    assert step.command == f"python -m engine cases {run.run_id} --flag failing"


def test_a_gate_that_passes_and_nobody_signed_is_to_be_signed(report: PhaseReport) -> None:
    step = find_next_step(with_verdicts(report, "pass", "waived"))
    assert step.command == "python -m engine sign --roadmap narrative-agent --phase 2"


def test_without_evidence_the_next_step_is_the_command_that_gives_most_of_it(
    roadmap: Roadmap, empty_store: Store
) -> None:
    step = find_next_step(build_report(roadmap, 2, empty_store))
    assert step.command.startswith("python -m engine run ")


def test_the_method_names_judges_with_their_prompts_and_labels_offline_scores(report: PhaseReport) -> None:
    from engine.reports.run_model import JudgeUse, MeasureFigures

    judged = MeasureFigures(
        value=0.8, low=0.7, high=0.9, n=60, total=64, unjudged=4,
        judges=(JudgeUse(judge="strict", prompt_hash="3fa85f6411", repeats=3, cases=60),),
    )  # fmt: skip
    run = dataclasses.replace(report.runs[0], measures=dict(report.runs[0].measures) | {"ragas.faithfulness": judged})
    rows = method_rows(dataclasses.replace(report, runs=(run,)))
    words = dict(rows)
    assert words["Judge"].startswith("strict, prompts 3fa85f64, 3 times: ragas.faithfulness (60 cases")
    assert "ragas.faithfulness (4 cases)" in words["Left unjudged"]
    assert "without a judge model" in words["Without a model"]
    assert "95 %" in words["Coverage"] and words["Policy"].startswith("point")


def test_a_waived_goal_passes_in_junit_and_csv_says_what_was_measured(report: PhaseReport) -> None:
    import csv
    import io
    import xml.etree.ElementTree as xml

    waived = with_verdicts(report, "waived", "pass")
    suite = xml.fromstring(render_report(waived, "junit")).find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "0")
    case = suite.find("testcase")
    assert case is not None and case.find("failure") is None and case.find("skipped") is None
    assert "Waived until 2030-01-31 by Ann: comes with the next release" in (case.findtext("system-out") or "")
    facts = {p.get("name"): p.get("value") for p in case.findall("properties/property")}
    assert (facts["verdict"], facts["counted"]) == ("fail", "pass")
    row = next(csv.DictReader(io.StringIO(render_report(waived, "csv").decode(), newline="")))
    assert (row["verdict"], row["counted"], row["waived_until"]) == ("fail", "pass", "2030-01-31")
    assert datetime.date.fromisoformat(row["waived_until"])
