from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engine.errors import UnknownNameError
from engine.store import RunStore, Store
from engine.store.liveness import is_alive, utc_now


@pytest.fixture
def runs(store: Store) -> Iterator[RunStore]:
    with RunStore(store) as opened:
        yield opened


def create(runs: RunStore, run_id: str = "r1", **changes: Any) -> None:
    values = {
        "run_id": run_id, "suite": "stories", "suite_path": "/s", "suite_hash": "h", "suite_cases": 5,
        "target": "pipeline", "preset": None, "settings": {"top_k": 5}, "provenance": {"seed": 1}, "cases": 4,
    }  # fmt: skip
    runs.create_run(**(values | changes))


def case(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "case_id": f"q{number}", "position": number, "kind": "qa", "status": "passed",
        "question": f"Question {number}?", "answer": "Yes",
        "abstained": False, "context_quality": 0.5, "latency_ms": float(number), "tags": ["policy"],
        "checks": {"correct": True}, "detail": {"retrieved": [{"document": "a.md"}], "timings_ms": {"total": number}},
        **changes,
    }  # fmt: skip


def score(measure: str, value: float | None = 1.0, status: str = "scored", reason: str | None = None) -> dict[str, Any]:
    return {"measure": measure, "status": status, "value": value, "reason": reason}


def fill(runs: RunStore) -> None:
    create(runs)
    runs.record_case("r1", case(1), [score("mrr", 1.0), score("recall@5", 0.5)])
    runs.record_case("r1", case(2, status="failed", context_quality=0.7), [score("mrr", None, "failed", "no judge")])
    runs.record_case("r1", case(3, status="error", context_quality=None, latency_ms=None, detail={"error": "boom"}), [])
    runs.record_case("r1", case(4, status="unscored", tags=["other"]), [score("mrr", 0.0)])
    runs.flush()


def test_a_run_is_listed_with_its_counts(runs: RunStore) -> None:
    fill(runs)
    runs.finish_run("r1", "finished", seconds=2.5, memory={"rss_mb": 100})
    [row] = runs.list_runs()
    assert (row["passed"], row["failed"], row["errors"], row["unscored"], row["cases"]) == (1, 1, 1, 1, 4)
    assert row["success_rate"] == {"value": pytest.approx(1 / 3), "n": 3}
    assert row["context_quality"] == {"mean": pytest.approx(1.7 / 3), "n": 3}
    assert row["latency_ms"]["p50"] == 2.0
    assert row["status"] == "finished"
    whole = runs.load_run("r1")
    assert whole.items() >= row.items()
    assert (whole["settings"], whole["provenance"], whole["memory"]) == ({"top_k": 5}, {"seed": 1}, {"rss_mb": 100})
    assert whole["ended_at"] is not None and whole["seconds"] == 2.5


def test_a_run_without_scored_cases_has_no_rate(runs: RunStore) -> None:
    create(runs)
    row = runs.load_run("r1")
    assert row["success_rate"] == {"value": None, "n": 0}
    assert row["context_quality"] == {"mean": None, "n": 0}
    assert row["latency_ms"] == {"p50": None, "p95": None, "p99": None}


def test_an_unknown_run_names_the_known_ones(runs: RunStore) -> None:
    create(runs)
    with pytest.raises(UnknownNameError, match="no run called 'x'. Known: r1"):
        runs.load_run("x")


def test_runs_are_paged_filtered_and_ordered_in_the_database(runs: RunStore) -> None:
    start = utc_now()
    for n in range(6):
        create(runs, f"r{n}", suite="stories" if n % 2 else "runbooks", started_at=start + timedelta(seconds=n))
        runs.record_case(f"r{n}", case(1, context_quality=n / 10), [])
    runs.flush()
    runs.finish_run("r3", "finished", seconds=9)
    assert [row["run_id"] for row in runs.list_runs(2)] == ["r5", "r4"]
    assert [row["run_id"] for row in runs.list_runs(2, 2)] == ["r3", "r2"]
    assert [row["run_id"] for row in runs.list_runs(suite="runbooks")] == ["r4", "r2", "r0"]
    assert [row["run_id"] for row in runs.list_runs(status="finished")] == ["r3"]
    assert [row["run_id"] for row in runs.list_runs(search="BOOKS", order_by="context_quality")] == ["r0", "r2", "r4"]
    assert runs.count_runs(suite="stories") == 3
    with pytest.raises(ValueError, match="Cannot order by 'pid; DROP TABLE runs'"):
        runs.list_runs(order_by="pid; DROP TABLE runs")


def test_a_running_run_of_a_dead_process_is_interrupted(runs: RunStore) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not is_alive(ended.pid)
    create(runs, "dead", pid=ended.pid)
    create(runs, "alive")
    assert {row["run_id"]: row["status"] for row in runs.list_runs()} == {"dead": "interrupted", "alive": "running"}
    assert [row["run_id"] for row in runs.list_runs(status="interrupted")] == ["dead"]


def test_a_running_run_without_a_heartbeat_is_interrupted_until_it_goes_on(runs: RunStore) -> None:
    create(runs, started_at=utc_now() - timedelta(seconds=31))
    assert runs.load_run("r1")["status"] == "interrupted"
    runs.heartbeat("r1", seconds=12.0)
    assert runs.load_run("r1")["status"] == "running"
    assert runs.load_run("r1")["seconds"] == 12.0
    runs.finish_run("r1", "interrupted", seconds=13.0, error="stopped")
    runs.resume_run("r1")
    row = runs.load_run("r1")
    assert (row["status"], row["ended_at"], row["error"], row["seconds"]) == ("running", None, None, 13.0)


def test_cases_are_the_objects_of_the_command_line(runs: RunStore) -> None:
    fill(runs)
    cases = runs.load_cases("r1")
    assert [entry["id"] for entry in cases] == ["q1", "q2", "q3", "q4"]
    assert cases[0]["scores"] == {
        "mrr": {"status": "scored", "value": 1.0, "reason": None},
        "recall@5": {"status": "scored", "value": 0.5, "reason": None},
    }
    assert cases[0]["retrieved"] == [{"document": "a.md"}]
    assert cases[0]["contexts"] == []
    assert cases[0]["timings_ms"] == {"total": 1}
    assert cases[1]["scores"] == {"mrr": {"status": "failed", "value": None, "reason": "no judge"}}
    assert (cases[2]["error"], cases[2]["scores"]) == ("boom", {})
    named = {
        "id", "kind", "status", "question", "answer", "abstained", "retrieved", "contexts", "context_quality", "checks",
        "scores", "timings_ms", "error",
    }  # fmt: skip
    assert all(named <= entry.keys() for entry in cases)


def test_cases_are_filtered_ordered_and_paged(runs: RunStore) -> None:
    fill(runs)

    def ids(**how: Any) -> list[str]:
        return [entry["id"] for entry in runs.load_cases("r1", **how)]

    assert ids(failed=True) == ["q2", "q3"]
    assert ids(order_by="severity") == ["q3", "q2", "q4", "q1"]
    assert ids(order_by="-latency_ms") == ["q4", "q2", "q1", "q3"]
    assert ids(limit=2, offset=1) == ["q2", "q3"]
    assert ids(tag="other") == ["q4"]
    assert ids(search="QUESTION 3") == ["q3"]
    assert ids(case_id="q2") == ["q2"]
    assert ids(status="passed", kind="qa") == ["q1"]
    assert runs.load_cases("nosuch") == []


def test_measures_are_counted_by_status(runs: RunStore) -> None:
    fill(runs)
    assert runs.measure_rows("r1") == [
        {"measure": "mrr", "values": [1.0, 0.0], "scored": 2, "failed": 1, "not_applicable": 0, "total": 3},
        {"measure": "recall@5", "values": [0.5], "scored": 1, "failed": 0, "not_applicable": 0, "total": 1},
    ]


def test_recording_a_case_again_replaces_it(runs: RunStore) -> None:
    create(runs)
    runs.record_case("r1", case(1, status="error"), [])
    runs.record_case("r1", case(1), [score("mrr")])
    runs.flush()
    assert runs.finished_case_ids("r1") == {"q1"}
    assert runs.load_cases("r1")[0]["status"] == "passed"


def test_a_case_is_durable_soon_without_a_flush(runs: RunStore) -> None:
    create(runs)
    runs.record_case("r1", case(1), [])
    runs.record_case("r1", case(2), [])
    deadline = time.monotonic() + 5
    while runs.finished_case_ids("r1") != {"q1", "q2"}:
        assert time.monotonic() < deadline


def test_bad_records_are_refused_at_once_and_harm_no_other(runs: RunStore) -> None:
    create(runs)
    runs.record_case("r1", case(1), [])
    with pytest.raises(ValueError, match="lacks \\['kind'\\]"):
        runs.record_case("r1", {name: value for name, value in case(2).items() if name != "kind"}, [])
    with pytest.raises(ValueError, match="unknown \\['colour'\\]"):
        runs.record_case("r1", case(2), [score("mrr") | {"colour": 1}])
    with pytest.raises(ValueError):
        runs.record_case("r1", case(2), [score("mrr", float("nan"))])
    runs.flush()
    assert runs.finished_case_ids("r1") == {"q1"}


def test_threads_may_record_at_once(runs: RunStore) -> None:
    create(runs)
    threads = [
        threading.Thread(
            target=lambda base=base: [runs.record_case("r1", case(base + n), [score("mrr")]) for n in range(50)]
        )
        for base in (0, 100, 200, 300)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs.flush()
    assert len(runs.finished_case_ids("r1")) == 200
    assert runs.measure_rows("r1")[0]["scored"] == 200


def test_a_deleted_run_takes_its_cases_along(runs: RunStore, store: Store) -> None:
    fill(runs)
    runs.delete_run("r1")
    assert runs.list_runs() == []
    assert store.query("SELECT 1 FROM cases UNION ALL SELECT 1 FROM scores") == []
