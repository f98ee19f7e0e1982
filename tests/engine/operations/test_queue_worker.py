"""The queue: one after the other, over a kill -9 of its worker, in real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import UnknownNameError
from engine.operations.queue_worker import ensure_worker, work_queue
from engine.settings import ROOT
from engine.store import RunStore, Store, open_store
from engine.store.queue import QueueStore

CASES = 200


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "suite"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "a.md").write_text("# Refunds\n\nA defective item is refunded within 42 days.\n")
    (folder / "suite.yaml").write_text("name: tiny\ntitle: Tiny\nlicence: CC0-1.0\ncorpus: docs\nmeasures: [correct]\n")
    case = {"kind": "qa", "question": "Within how many days is an item refunded?", "answers": ["42 days"]}
    (folder / "cases.jsonl").write_text("".join(json.dumps({"id": f"c{i}", **case}) + "\n" for i in range(CASES)))
    return folder


def _add(store: Store, suite: Path, run_id: str, *more: str) -> None:
    arguments = ["run", str(suite), "--run-id", run_id, *more]
    QueueStore(store).add_work(kind="run", title="tiny", subject=run_id, arguments=arguments, who="ann")


def _await(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def _states(store: Store) -> dict[str, str]:
    return {row["subject"]: row["status"] for row in QueueStore(store).list_work()}


def test_waiting_work_can_be_cancelled_by_its_run_and_what_is_unknown_is_named(suite: Path) -> None:
    with open_store() as store:
        _add(store, suite, "one")
        _add(store, suite, "two")
        queue = QueueStore(store)
        found = queue.find_work("two")
        assert found is not None and found["before"] == 1
        queue.cancel_work("one")
        assert _states(store) == {"one": "cancelled", "two": "waiting"}
        with pytest.raises(UnknownNameError, match="two"):
            queue.cancel_work("one")


def test_a_killed_worker_loses_nothing_and_the_next_one_goes_on(suite: Path) -> None:
    with open_store() as store:
        _add(store, suite, "one")
        _add(store, suite, "two", "--limit", "2")
        worker = subprocess.Popen([sys.executable, "-m", "engine", "queue", "--work"], cwd=ROOT)
        _await(lambda: bool(store.query("SELECT 1 FROM cases WHERE run_id = 'one' LIMIT 1")))
        assert not ensure_worker(store), "there is a worker already"
        pid = store.query("SELECT pid FROM runs WHERE run_id = 'one'")[0]["pid"]
        worker.kill()
        worker.wait()
        os.kill(pid, signal.SIGKILL)
        with RunStore(store) as runs:
            _await(lambda: runs.load_run("one")["status"] == "interrupted")
            kept = {case["id"]: case["ended_at"] for case in runs.load_cases("one")}
            assert 0 < len(kept) < CASES
            assert work_queue(store) == 2
            assert _states(store) == {"one": "ended", "two": "ended"}
            assert [runs.load_run(name)["status"] for name in ("one", "two")] == ["finished", "finished"]
            after = {case["id"]: case["ended_at"] for case in runs.load_cases("one")}
        assert len(after) == CASES and {i: after[i] for i in kept} == kept, "what had ended was not asked again"


def test_a_command_that_fails_does_not_hold_up_the_rest(suite: Path) -> None:
    with open_store() as store:
        _add(store, suite.parent / "nothing-here", "broken")
        _add(store, suite, "fine", "--limit", "1")
        assert work_queue(store) == 2
        codes = {row["subject"]: row["exit_code"] for row in QueueStore(store).list_work()}
        assert codes == {"broken": 2, "fine": 0}
