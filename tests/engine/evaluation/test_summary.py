"""The JSON of ``run``: counts, rates, pass rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from engine.evaluation.statistics import wilson_interval
from engine.evaluation.summary import check_rule, summarise_run

RUN = {
    "run_id": "r",
    "suite": "s",
    "status": "finished",
    "cases": 10,
    "seconds": 1.5,
    "started_at": datetime(2026, 1, 2, 3, 4, 5),
    "provenance": {"seed": 1, "pass_rules": {"success_rate": 0.5}},
}


def _cases(*statuses: str) -> list[dict[str, Any]]:
    return [
        {
            "status": s,
            "kind": "qa",
            "tags": ["odd" if i % 2 else "even"],
            "latency_ms": 10.0 + i,
            "context_quality": 0.5 + i / 20,
        }
        for i, s in enumerate(statuses)
    ]


def _scores(measure: str, *values: float | None) -> list[dict[str, Any]]:
    return [{"measure": measure, "status": "failed" if v is None else "scored", "value": v} for v in values]


def test_an_error_is_a_failure_and_an_unscored_case_counts_not_at_all() -> None:
    summary = summarise_run(RUN, _cases(*["passed"] * 6, "failed", "failed", "error", "unscored"), [])
    assert [summary[k] for k in ("passed", "failed", "errors", "unscored")] == [6, 2, 1, 1]
    rate = summary["success_rate"]
    assert (rate["value"], rate["n"]) == (6 / 9, 9) and rate["low"] == wilson_interval(6, 9).low


def test_nothing_scorable_is_null_not_zero() -> None:
    summary = summarise_run({**RUN, "cases": 2}, _cases("unscored", "unscored"), [])
    assert summary["success_rate"] == {"value": None, "low": None, "high": None, "n": 0}
    assert summary["verdict"] == "no_data"


def test_an_empty_run_summarises() -> None:
    summary = summarise_run({**RUN, "status": "running"}, [], [])
    assert summary["latency_ms"]["p95"] is None and summary["context_quality"]["mean"] is None
    assert summary["memory"]["accuracy"] is None and summary["measures"] == {}


def test_measures_say_how_many_were_scored_failed_and_not_applicable() -> None:
    rows = [
        *_scores("span_recall", 0.5, 0.7, None),
        {"measure": "span_recall", "status": "not_applicable", "value": None},
        {"measure": "correct", "status": "scored", "value": 1.0},
    ]
    measures = summarise_run(RUN, _cases(*["passed"] * 10), rows)["measures"]
    assert list(measures) == ["correct", "span_recall"], "in the registry's order"
    recall = measures["span_recall"]
    assert recall["mean"] == pytest.approx(0.6) and recall["low"] <= 0.6 <= recall["high"]
    assert (recall["scored"], recall["total"], recall["failed"], recall["not_applicable"]) == (2, 4, 1, 1)


def test_latency_has_percentiles_with_intervals_and_says_when_they_are_open() -> None:
    latency = summarise_run(RUN, _cases(*["passed"] * 10), [])["latency_ms"]
    assert latency["p50"] == 14.5 and latency["n"] == 10
    assert latency["intervals"]["p50"] == {"low": 11.0, "high": 18.0}
    assert latency["intervals"]["p99"]["high"] is None


def test_tags_and_kinds_are_broken_down() -> None:
    summary = summarise_run(RUN, _cases("passed", "failed", "passed", "error"), [])
    assert summary["tags"]["even"]["success_rate"]["value"] == 1
    assert summary["tags"]["odd"]["cases"] == 2 and summary["tags"]["odd"]["errors"] == 1
    assert summary["kinds"]["qa"]["cases"] == 4 and summary["started_at"] == "2026-01-02T03:04:05"


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ({"success_rate": 0.6}, "pass"),
        ({"success_rate": 0.61}, "fail"),
        ({"success_rate": 0.6, "latency_p95_ms": 15}, "fail"),
        ({"latency_p95_ms": 19}, "pass"),
        ({"recall@5": 0.9}, "pass"),
        ({"MRR": 0.1}, "no_data"),
        ({"memory_accuracy": 0.95}, "no_data"),
        ({"context_quality": 0.7}, "pass"),
        ({"context_quality": 0.9, "memory_accuracy": 0.9}, "fail"),
        ({}, None),
    ],
)
def test_a_pass_rule_has_a_verdict_and_a_failed_one_outweighs_missing_data(
    rules: dict[str, float], verdict: str | None
) -> None:
    rows = _scores("recall@5", *[0.95] * 10)
    summary = summarise_run(RUN, _cases(*["passed"] * 6, *["failed"] * 4), rows, pass_rules=rules)
    assert summary["verdict"] == verdict, summary["pass_rules"]


def test_a_high_mean_over_half_the_cases_is_no_data() -> None:
    rows = _scores("recall@5", *[1.0] * 5, *[None] * 5)
    rule = summarise_run(RUN, _cases(*["passed"] * 10), rows, pass_rules={"recall@5": 0.9})["pass_rules"][0]
    assert rule["verdict"] == "no_data" and "5 of 10" in rule["reason"]
    half = summarise_run({**RUN, "status": "interrupted"}, _cases(*["passed"] * 5), [])
    assert half["verdict"] == "no_data", "an interrupted run has not earned its rate"


def test_a_rule_on_a_measure_of_which_less_is_better_is_a_most() -> None:
    measure = {"mean": 0.1, "scored": 10, "attempted": 10}
    summary = {
        "cases": 10, "passed": 10, "failed": 0, "errors": 0, "unscored": 0,
        "measures": {"ragas.noise_sensitivity": measure, "ragas.faithfulness": measure},
    }  # fmt: skip
    assert check_rule("ragas.noise_sensitivity", 0.2, summary)["verdict"] == "pass"
    assert check_rule("ragas.noise_sensitivity", 0.05, summary)["verdict"] == "fail"
    assert check_rule("ragas.faithfulness", 0.2, summary)["verdict"] == "fail"
