"""A run's summary from the database equals the one made of its rows, whatever the rows are, and follows them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.bench.dashboard_home import add_run
from engine.evaluation.summary import summarise_run
from engine.run_summaries import load_summary
from engine.store import RunStore, Store, open_store
from engine.store.liveness import utc_now

STATUSES = ("passed", "failed", "error", "unscored")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        yield opened


def put_run(store: Store, run_id: str = "r", cases: int = 10, **provenance: Any) -> None:
    now = utc_now()
    with RunStore(store) as runs:
        runs.create_run(
            run_id=run_id, suite="s", suite_path="/s", suite_hash="0", suite_cases=cases, target="pipeline",
            preset=None, settings={}, provenance={"seed": 3, **provenance}, cases=cases, started_at=now,
        )  # fmt: skip
        runs.finish_run(run_id, "finished", seconds=1.0)


def draw_value(rng: random.Random, shape: str) -> float:
    match shape:
        case "rate":
            return float(rng.random() < 0.7)
        case "ties":
            return rng.choice([0.0, 0.25, 0.5, 1.0])
        case "same":
            return 0.3
        case "wide":
            return rng.uniform(-5000, 5000)
        case "small":
            return 1e-7 * rng.random() - 0.4
    return rng.random()


def put_rows(
    store: Store, seed: int, cases: int, run_id: str = "r"
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rng, now = random.Random(seed), utc_now()
    shapes = ("rate", "ties", "same", "wide", "small", "plain")
    rows: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    for i in range(cases):
        status = rng.choices(STATUSES, (6, 2, 1, 1))[0]
        missing = status == "error" or rng.random() < 0.1
        rows.append({
            "run_id": run_id, "case_id": f"c{i}", "position": i, "kind": rng.choice(["qa", "content"]), "status": status,
            "question": "?", "context_quality": None if missing else rng.random(),
            "latency_ms": None if missing else round(rng.expovariate(0.02), 1),
            "tags": rng.sample(["a", "b", "ü"], rng.randrange(3)), "checks": {}, "detail": {}, "ended_at": now,
        })  # fmt: skip
        for shape in shapes:
            how = rng.choices(("scored", "failed", "not_applicable", "unjudged", ""), (90, 3, 3, 3, 1))[0]
            if how:
                scores.append({
                    "run_id": run_id, "case_id": f"c{i}", "measure": shape, "status": how,
                    "value": draw_value(rng, shape) if how == "scored" else None, "reason": None, "judge": None,
                })  # fmt: skip
    store.insert("cases", rows)
    store.insert("scores", scores)
    return rows, scores


def without_keys(summary: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {name: summary[name] for name in expected}


def assert_alike(found: Any, expected: Any, at: str = "") -> None:
    if isinstance(expected, dict):
        assert list(found) == list(expected), at
        for name in expected:
            assert_alike(found[name], expected[name], f"{at}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), at
        for i, pair in enumerate(zip(found, expected, strict=True)):
            assert_alike(*pair, f"{at}[{i}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-11), at
    else:
        assert found == expected, at


@pytest.mark.parametrize(("seed", "cases"), [(1, 0), (2, 1), (3, 7), (4, 130), (5, 400), (6, 470), (7, 1500)])
def test_the_summary_from_the_database_equals_the_one_from_rows(store: Store, seed: int, cases: int) -> None:
    put_run(store, cases=cases, pass_rules={"success_rate": 0.5, "plain": 0.5, "latency_p95_ms": 100})
    rows, scores = put_rows(store, seed, cases)
    run = RunStore(store).load_run("r")
    expected = summarise_run(run, rows, scores)
    assert_alike(without_keys(load_summary(store, "r"), expected), expected)


def test_the_same_run_has_the_same_figures_to_the_last_bit(store: Store) -> None:
    put_run(store, cases=3000)
    put_rows(store, 8, 3000)
    first = load_summary(store, "r")
    assert all(load_summary(store, "r") == first for _ in range(4))


def test_figures_follow_what_is_rescored_retried_and_deleted(store: Store) -> None:
    put_run(store, cases=1000)
    rows, scores = put_rows(store, 9, 1000)
    before = load_summary(store, "r")
    again = [{**row, "status": "scored", "value": 1.0} for row in scores if row["measure"] == "plain"]
    store.insert("scores", again)
    assert load_summary(store, "r")["measures"]["plain"]["mean"] == 1.0
    assert load_summary(store, "r")["measures"]["ties"] == before["measures"]["ties"]
    store.insert("cases", [{**row, "status": "passed"} for row in rows])
    after = load_summary(store, "r")
    assert after["passed"] == 1000 and after["success_rate"]["value"] == 1.0
    listed = RunStore(store).list_runs()[0]
    assert (listed["passed"], listed["errors"]) == (1000, 0)
    RunStore(store).delete_run("r")
    put_run(store, cases=1000)
    assert load_summary(store, "r")["measures"] == {}


def put_judged(store: Store, *judges: str | None) -> dict[str, Any]:
    put_run(store, cases=len(judges), pass_rules={"ragas.faithfulness": 0.5})
    put_rows(store, 1, len(judges))
    common = {"run_id": "r", "measure": "ragas.faithfulness", "reason": None}
    rows = [
        {**common, "case_id": f"c{i}", "judge": judge or None}
        | ({"status": "unjudged", "value": None} if judge is None else {"status": "scored", "value": 0.5 + i / 1000})
        for i, judge in enumerate(judges)
    ]
    store.insert("scores", rows)
    return load_summary(store, "r")


def test_a_mean_never_mixes_judges(store: Store) -> None:
    measure = put_judged(store, "one", "two", "one")["measures"]["ragas.faithfulness"]
    assert (measure["mean"], measure["low"], measure["scored"]) == (None, None, 3)
    assert measure["judges"] == ["one", "two"] and "one, two" in measure["reason"]


def test_a_mean_never_mixes_a_judge_and_none(store: Store) -> None:
    measure = put_judged(store, "one", "", "one")["measures"]["ragas.faithfulness"]
    assert measure["mean"] is None and "no model" in measure["reason"]


def test_one_judge_has_a_mean_and_is_named(store: Store) -> None:
    measure = put_judged(store, "one", "one")["measures"]["ragas.faithfulness"]
    assert measure["mean"] == pytest.approx(0.5005) and measure["judges"] == ["one"] and measure["reason"] == ""


def test_unjudged_cases_are_attempted_and_missing_from_the_coverage_of_a_rule(store: Store) -> None:
    summary = put_judged(store, *["one"] * 9, None)
    measure = summary["measures"]["ragas.faithfulness"]
    assert (measure["attempted"], measure["scored"], measure["unjudged"], measure["total"]) == (10, 9, 1, 10)
    assert summary["pass_rules"][0]["verdict"] == "no_data"


def test_the_database_is_quicker_than_the_rows(store: Store) -> None:
    add_run(store, "large", "stories", 4000, utc_now())
    began = time.perf_counter()
    load_summary(store, "large")
    counted = time.perf_counter() - began
    run = RunStore(store).load_run("large")
    began = time.perf_counter()
    cases = store.query(
        "SELECT status, kind, tags, latency_ms, context_quality FROM cases WHERE run_id = ?", ("large",)
    )
    scores = store.query("SELECT measure, status, value FROM scores WHERE run_id = ?", ("large",))
    summarise_run(run, cases, scores)
    assert counted < (time.perf_counter() - began) / 2
