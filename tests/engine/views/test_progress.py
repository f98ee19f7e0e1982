import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.operations.launching import log_path
from engine.store import RunStore, Store, open_store
from engine.store.liveness import utc_now
from engine.store.queue import QueueStore
from engine.views.frame import load_frame
from engine.views.progress import load_job_progress, load_run_progress
from engine.views.run import load_run
from engine.views.runs import RunFilter, load_runs


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    with open_store() as opened:
        yield opened


def record(store: Store, run_id: str, statuses: list[str], cases: int = 10, **changes: Any) -> None:
    """A run with cases that ended as given; ``changes`` overwrite columns of its row."""
    with RunStore(store) as runs:
        runs.create_run(
            run_id=run_id, suite="s", suite_path="/s", suite_hash="0" * 64, suite_cases=10, target="pipeline", preset=None,
            settings={"top_k": 20}, provenance={"seed": 0, "pass_rules": {"success_rate": 0.9}}, cases=cases,
        )  # fmt: skip
        for i, status in enumerate(statuses):
            case = {
                "case_id": f"c{i}", "position": i, "kind": "qa", "status": status, "question": f"q{i}", "answer": "a",
                "abstained": False, "context_quality": 0.5, "latency_ms": 10.0 + i, "tags": ["t"],
                "checks": {"correct": status == "passed"}, "detail": {},
            }  # fmt: skip
            score = {"measure": "correct", "status": "scored", "value": float(status == "passed")}
            runs.record_case(run_id, case, [score])
    for name, value in changes.items():
        store.execute(f"UPDATE runs SET {name} = ? WHERE run_id = ?", (value, run_id))


def test_a_run_at_work_says_how_far_it_is_and_how_long_it_will_take(store: Store) -> None:
    record(store, "r", ["passed", "failed", "passed", "error"], started_at=utc_now() - timedelta(seconds=8))
    progress = load_run_progress(store, "r")
    assert (progress.status, progress.done, progress.total) == ("running", 4, 10)
    assert (progress.passed, progress.failed, progress.errors, progress.unscored) == (2, 1, 1, 0)
    assert progress.seconds_left == pytest.approx(12, abs=2)
    assert progress.last[0].case_id == "c3"


def test_a_silent_or_dead_run_is_interrupted(store: Store) -> None:
    record(store, "silent", [], heartbeat_at=utc_now() - timedelta(seconds=31))
    record(store, "dead", [], pid=2**22 + 1)
    assert load_run_progress(store, "silent").status == "interrupted"
    assert load_run_progress(store, "dead").status == "interrupted"
    assert load_runs(store, RunFilter(status="interrupted")).total == 2


def test_a_run_whose_process_has_not_written_yet_is_starting(store: Store) -> None:
    log_path("new").parent.mkdir(parents=True)
    log_path("new").write_text("$ python -m engine run s\n")
    assert load_run_progress(store, "new").status == "starting"


def test_a_process_that_ended_before_its_run_began_has_failed_and_shows_its_log(store: Store) -> None:
    log_path("bad").parent.mkdir(parents=True)
    log_path("bad").write_text("$ python -m engine run s\nNo such suite.\n[exit code 2]\n")
    progress = load_run_progress(store, "bad")
    assert progress.status == "failed" and "No such suite." in progress.log
    assert load_run_progress(store, "never-started").status == "failed"


def test_an_interrupted_run_that_was_started_again_is_starting(store: Store) -> None:
    record(store, "r", ["passed"], status="interrupted", heartbeat_at=utc_now() - timedelta(seconds=5))
    log_path("r").parent.mkdir(parents=True)
    log_path("r").write_text("Interrupted.\n[exit code 130]\n$ python -m engine run s --resume r\n")
    assert load_run_progress(store, "r").status == "starting"
    os.utime(log_path("r"), (1, 1))
    assert load_run_progress(store, "r").status == "interrupted"


def test_a_job_without_a_row_or_a_log_has_failed(store: Store) -> None:
    assert load_job_progress(store, "nothing").status == "failed"


def test_the_strip_counts_what_is_at_work(store: Store) -> None:
    record(store, "r", ["passed"])
    record(store, "done", ["passed"], status="finished")
    frame = load_frame(store)
    assert [(w.identifier, w.done, w.total, w.fraction) for w in frame.running] == [("r", 1, 10, 0.1)]
    assert frame.role == "owner"


def test_the_list_of_runs_is_filtered_sorted_and_paged(store: Store) -> None:
    for i in range(30):
        record(store, f"run-{i:02}", ["passed"] * (i % 3) + ["failed"], status="finished", cases=1 + i % 3)
    first = load_runs(store, RunFilter())
    assert (len(first.rows), first.total, first.pages, first.run_ids[0]) == (25, 30, 2, "run-29")
    assert load_runs(store, RunFilter(page=2)).caption == "Runs 26 to 30 of 30."
    assert load_runs(store, RunFilter(page=99)).page == 2
    assert load_runs(store, RunFilter(text="RUN-07")).run_ids == ("run-07",)
    best = load_runs(store, RunFilter(sort="best")).rows[0]
    assert best["success"] == pytest.approx(2 / 3)


def test_a_partial_run_says_so(store: Store) -> None:
    record(store, "r", ["passed", "failed", "error"], cases=5, status="interrupted")
    run = load_run(store, "r")
    assert any("Interrupted after 3 of 5 cases" in note for note in run.notes)
    assert any("Limited to 5 of the suite's 10 cases" in note for note in run.notes)
    assert run.resume_command.endswith("--resume r")
    assert run.rules[0].verdict == "no_data"


def queue_up(store: Store, *run_ids: str) -> list[str]:
    queue = QueueStore(store)
    return [
        queue.add_work(kind="run", title="s", subject=run_id, arguments=["run", "s"], who="ann") for run_id in run_ids
    ]


def test_a_run_in_the_queue_waits_and_a_cancelled_one_says_so(store: Store) -> None:
    queue_up(store, "first", "second")
    shown = load_run_progress(store, "second")
    assert (shown.status, shown.before, shown.active) == ("waiting", 1, True)
    assert [work.subject for work in load_frame(store).waiting] == ["first", "second"]
    QueueStore(store).cancel_work("second")
    assert load_run_progress(store, "second").status == "cancelled"
    assert [work.subject for work in load_frame(store).waiting] == ["first"]


def test_a_run_that_a_worker_has_just_taken_is_starting(store: Store) -> None:
    (queue_id,) = queue_up(store, "r")
    QueueStore(store).start_work(queue_id)
    assert load_run_progress(store, "r").status == "starting"
