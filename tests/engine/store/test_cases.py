from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engine.store import RunStore, Store
from engine.store.cases import (
    CaseQuery,
    find_against,
    find_cases,
    find_neighbours,
    list_case_ids,
    list_kinds,
    load_case_objects,
)
from engine.store.labels import LabelStore
from engine.store.liveness import utc_now

START = utc_now() - timedelta(hours=1)


def create(runs: RunStore, run_id: str, minute: int = 0, *, finished: bool = True, **changes: Any) -> None:
    values = {
        "run_id": run_id, "suite": "stories", "suite_path": "/s", "suite_hash": "h", "suite_cases": 6,
        "target": "pipeline", "preset": None, "settings": {}, "provenance": {}, "cases": 6,
        "started_at": START + timedelta(minutes=minute),
    }  # fmt: skip
    runs.create_run(**(values | changes))
    if finished:
        runs.finish_run(run_id, "finished", seconds=1.0)


def case(number: int, status: str = "passed", **changes: Any) -> dict[str, Any]:
    return {
        "case_id": f"q{number}", "position": number, "kind": "qa", "status": status, "question": f"Question {number}?",
        "answer": f"Answer {number}", "abstained": False, "context_quality": 0.9, "latency_ms": 10.0, "tags": ["policy"],
        "checks": {"correct": status == "passed"}, "detail": {}, **changes,
    }  # fmt: skip


def score(measure: str, value: float | None, judge: str | None = None) -> dict[str, Any]:
    return {"measure": measure, "status": "scored" if value is not None else "failed", "value": value, "judge": judge}


def record(store: Store, runs: RunStore, run_id: str, cases: list[dict[str, Any]], scores: dict[str, Any]) -> None:
    for row in cases:
        runs.record_case(run_id, row, [])
    runs.flush()
    rows = [
        {"run_id": run_id, "case_id": name, "reason": None, **one} for name, given in scores.items() for one in given
    ]
    store.insert("scores", rows)


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    """Two runs of six cases; q3 broke between them, q4 was mended."""
    with RunStore(store) as runs:
        create(runs, "old", 0)
        create(runs, "new", 5)
        old = [case(1), case(2), case(3), case(4, "failed"), case(5, "failed"), case(6, "unscored")]
        new = [
            case(1, latency_ms=500.0), case(2, context_quality=0.4), case(3, "failed", tags=["times"]), case(4),
            case(5, "error", answer=None, latency_ms=None, context_quality=None), case(6, "passed", kind="content"),
        ]  # fmt: skip
        record(store, runs, "old", old, {})
        judged = {
            "q1": [score("ragas.faithfulness", 0.9, "first"), score("ragas.faithfulness[second]", 0.2, "second")],
            "q2": [score("ragas.faithfulness", 0.9, "first"), score("ragas.faithfulness[second]", 0.5, "second")],
            "q4": [score("recall@5", 0.25), score("MRR", 1.0)],
            "q6": [score("recall@5", 0.75)],
        }
        record(store, runs, "new", new, judged)
        yield store


def ids(store: Store, **how: Any) -> list[str]:
    return [row["case_id"] for row in find_cases(store, CaseQuery(run_id="new", **how)).rows]


def test_failures_come_first_then_the_order_of_the_suite(filled: Store) -> None:
    assert ids(filled) == ["q5", "q3", "q1", "q2", "q4", "q6"]


def test_each_flag_finds_its_cases_and_counts_them(filled: Store) -> None:
    labels = LabelStore(filled)
    labels.save_label("new", "q2", "ann", "wrong")
    labels.save_label("new", "q3", "ann", "wrong")
    labels.save_label("new", "q5", "bob", "right")
    expected = {
        "failing": ["q5", "q3"],
        "flipped": ["q3", "q4"],
        "slow": ["q1"],
        "low_quality": ["q2"],
        "disagreeing": ["q5", "q1", "q2"],
        "unlabelled": ["q1", "q4", "q6"],
        "labelled": ["q5", "q3", "q2"],
    }
    for flag, found in expected.items():
        assert ids(filled, flags=(flag,), against="old") == found, flag
    page = find_cases(filled, CaseQuery(run_id="new", against="old"))
    assert page.flags == {flag: len(found) for flag, found in expected.items()}
    assert page.total == 6


def test_two_judges_half_a_point_apart_or_less_do_not_disagree(filled: Store) -> None:
    assert ids(filled, flags=("disagreeing",)) == ["q1"]


def test_several_flags_must_all_hold(filled: Store) -> None:
    assert ids(filled, flags=("failing", "flipped"), against="old") == ["q3"]


def test_without_a_run_to_compare_with_nothing_is_flipped(filled: Store) -> None:
    assert ids(filled, flags=("flipped",)) == []


def test_counts_follow_the_other_filters_and_the_total_the_flags_too(filled: Store) -> None:
    page = find_cases(filled, CaseQuery(run_id="new", tag="times", flags=("slow",)))
    assert (page.rows, page.total) == ((), 0)
    assert (page.flags["failing"], page.flags["slow"]) == (1, 0)


def test_status_kind_tag_and_text_narrow_the_list(filled: Store) -> None:
    assert ids(filled, statuses=("error", "failed")) == ["q5", "q3"]
    assert ids(filled, kind="content") == ["q6"]
    assert ids(filled, tag="times") == ["q3"]
    assert ids(filled, search="ANSWER 4") == ["q4"]
    assert ids(filled, search="q1") == ["q1"]
    assert ids(filled, search="100%_'; DROP TABLE cases") == []
    assert list_kinds(filled, "new") == ("content", "qa")


def test_a_measure_becomes_a_column_bounds_the_list_and_orders_it(filled: Store) -> None:
    page = find_cases(filled, CaseQuery(run_id="new", measure="recall@5", sort="-measure"))
    assert [(row["case_id"], row["value"]) for row in page.rows[:3]] == [("q6", 0.75), ("q4", 0.25), ("q1", None)]
    assert ids(filled, measure="recall@5", low=0.5) == ["q6"]
    assert ids(filled, measure="recall@5", low=0.25, high=0.5) == ["q4"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [("position", "q1"), ("-position", "q6"), ("-latency_ms", "q1"), ("context_quality", "q2"), ("-question", "q6"),
     ("kind", "q6"), ("tags", "q1"), ("id", "q1"), ("-labels", "q1"), ("status", "q5"), ("-ended_at", "q6")],
)  # fmt: skip
def test_every_column_orders_the_list_and_missing_values_come_last(filled: Store, sort: str, first: str) -> None:
    assert ids(filled, sort=sort)[0] == first
    if sort in ("-latency_ms", "context_quality"):
        assert ids(filled, sort=sort)[-1] == "q5"


def test_pages_cut_the_list_and_keep_its_total(filled: Store) -> None:
    page = find_cases(filled, CaseQuery(run_id="new", sort="position", page=2, page_size=4))
    assert ([row["case_id"] for row in page.rows], page.total) == (["q5", "q6"], 6)
    assert find_cases(filled, CaseQuery(run_id="new", page=9, page_size=4)).total == 6
    assert list_case_ids(filled, CaseQuery(run_id="new", sort="-position", page_size=1)) == [
        f"q{n}" for n in range(6, 0, -1)
    ]


def test_a_row_carries_what_the_table_shows_and_nobody_reads_its_detail(filled: Store) -> None:
    LabelStore(filled).save_label("new", "q3", "ann", "unsure")
    row = next(r for r in find_cases(filled, CaseQuery(run_id="new", against="old")).rows if r["case_id"] == "q3")
    assert (row["earlier"], row["checks"]) == ("passed", {"correct": False})
    assert row["labels"] == [{"author": "ann", "label": "unsure"}]
    assert "detail" not in row and "answer" not in row


@pytest.mark.parametrize("how", [{"sort": "detail; DROP TABLE cases"}, {"flags": ("failing OR TRUE",)}])
def test_an_order_or_a_flag_that_is_not_offered_is_refused(filled: Store, how: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="offered"):
        find_cases(filled, CaseQuery(run_id="new", **how))


def test_neighbours_follow_the_filter_and_the_order(filled: Store) -> None:
    query = CaseQuery(run_id="new", sort="-position", tag="policy")
    found = find_neighbours(filled, query, "q4")
    assert found is not None
    assert (found.number, found.total, found.previous, found.next, found.inside) == (3, 5, "q5", "q2", True)
    assert find_neighbours(filled, query, "nope") is None


def test_a_case_that_left_the_filter_keeps_its_place(filled: Store) -> None:
    query = CaseQuery(run_id="new", sort="position", flags=("unlabelled",))
    LabelStore(filled).save_label("new", "q2", "ann", "right")
    found = find_neighbours(filled, query, "q2")
    assert found is not None
    assert (found.inside, found.total, found.previous, found.next) == (False, 5, "q1", "q3")


def test_the_run_to_compare_with_is_the_complete_one_before_of_the_same_suite_and_target(store: Store) -> None:
    with RunStore(store) as runs:
        create(runs, "first", 0)
        create(runs, "limited", 1, cases=3)
        create(runs, "other suite", 2, suite="runbooks")
        create(runs, "other target", 3, target="staging")
        create(runs, "broken off", 4, finished=False)
        create(runs, "this", 5)
        create(runs, "later", 6)
    assert find_against(store, "this") == "first"
    assert find_against(store, "first") is None


def test_objects_come_in_the_order_that_they_are_asked_for(filled: Store) -> None:
    found = load_case_objects(filled, "new", ["q4", "nope", "q1"])
    assert [entry["id"] for entry in found] == ["q4", "q1"]
    assert found[0]["scores"]["recall@5"] == {"status": "scored", "value": 0.25, "reason": None}
