from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError, UnknownNameError
from engine.store import open_store
from engine.store.validations import ValidationStore
from engine.validation.parts import Request
from engine.validation.validate import run_validation
from tests.conftest import RunCli
from tests.engine.validation.conftest import Plan

StartCli = Callable[..., subprocess.Popen[str]]


def parts_of(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in summary["parts"]}


def validate(run_cli: RunCli, home: Path, plan: Path, phase: int, *more: str) -> tuple[int, dict[str, Any]]:
    done = run_cli("validate", "--roadmap", str(plan), "--phase", str(phase), "--json", *more, home=home)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_phase_that_has_all_it_needs_passes_and_is_reported(
    home: Path, plan: Plan, run_cli: RunCli, tmp_path: Path
) -> None:
    code, summary = validate(run_cli, home, plan(), 1, "--out", str(tmp_path / "out"))
    assert (code, summary["verdict"], summary["status"]) == (0, "pass", "finished"), summary["parts"]
    parts = parts_of(summary)
    assert [name for name, part in parts.items() if not part["required"]] == ["load", "business-accuracy"]
    assert parts["real-world"]["figures"]["depot"]["passed"] == 2
    assert summary["gate"]["counts"]["pass"] == 3
    names = {Path(path).name for path in summary["files"]}
    assert {"depot-plan-phase-1.html", "depot-plan-phase-1-validation.md"} <= names
    written = json.loads((tmp_path / "out" / "depot-plan-phase-1-validation.json").read_text())
    assert written["validation_id"] == summary["validation_id"]
    with open_store() as store:
        row = ValidationStore(store).load_validation(summary["validation_id"])
        assert (row["status"], row["verdict"], row["report"]["files"]) == ("finished", "pass", summary["files"])
    code, again = validate(run_cli, home, plan_path(home), 1, "--part", "real-world")
    assert parts_of(again)["real-world"]["runs"] == parts["real-world"]["runs"], (
        "a complete current run is not repeated"
    )
    code, fresh = validate(run_cli, home, plan_path(home), 1, "--part", "real-world", "--fresh")
    assert parts_of(fresh)["real-world"]["runs"] != parts["real-world"]["runs"]


def plan_path(home: Path) -> Path:
    return home / "depot-plan.yaml"


def test_a_missed_goal_is_exit_1_and_a_phase_without_data_exit_3(home: Path, plan: Plan, run_cli: RunCli) -> None:
    path = plan()
    named = ("--part", "real-world", "--part", "phase-completion")
    code, summary = validate(run_cli, home, path, 2, *named)
    assert (code, summary["verdict"]) == (1, "fail")
    code, summary = validate(run_cli, home, path, 3, "--part", "load", "--part", "real-world")
    parts = parts_of(summary)
    assert (code, parts["load"]["verdict"], parts["real-world"]["required"]) == (3, "no_data", False)
    assert "not built yet" in parts["load"]["reason"]


def test_a_benchmark_on_a_stand_in_is_no_data_at_the_gate(home: Path, plan: Plan, run_cli: RunCli) -> None:
    path = plan(stand_in=True)
    code, summary = validate(run_cli, home, path, 1, "--part", "real-world", "--part", "metric-accuracy")
    assert code == 0
    goal = next(goal for goal in summary["gate"]["goals"] if goal["kpi"] == "warm_p95")
    assert (goal["verdict"], goal["value"]) == ("no_data", None)
    assert "scripted server" in goal["reason"]


def test_a_wrong_name_is_refused_and_nothing_is_recorded(home: Path, plan: Plan) -> None:
    path = str(plan())
    with open_store() as store:
        for request, error in (
            (Request(roadmap=path, phase=9), InputError),
            (Request(roadmap="nowhere", phase=1), UnknownNameError),
            (Request(roadmap=path, phase=1, parts=("nowhere",)), UnknownNameError),
            (Request(roadmap=path, phase=1, policy="lax"), InputError),
        ):
            with pytest.raises(error):
                run_validation(store, request)
        with pytest.raises(UnknownNameError):
            run_validation(store, Request(roadmap="", phase=0), resume="nowhere")
        assert ValidationStore(store).list_validations() == []


def test_a_suite_that_cannot_be_run_is_no_data_with_its_reason(home: Path, plan: Plan, run_cli: RunCli) -> None:
    path = plan()
    (home / "suites" / "depot" / "cases.jsonl").write_text("{broken\n")
    code, summary = validate(run_cli, home, path, 2, "--part", "real-world")
    assert code == 3
    assert "could not be run" in parts_of(summary)["real-world"]["steps"][0]["text"]


def test_a_killed_validation_goes_on_and_ends_as_one_that_was_not_killed(
    home: Path, plan: Plan, run_cli: RunCli, start_cli: StartCli
) -> None:
    path = plan(copies=60)
    named = ["--part", "real-world", "--part", "metric-accuracy", "--part", "phase-completion"]
    with open_store() as store:
        process = start_cli("validate", "--roadmap", str(path), "--phase", "1", *named, home=home)
        deadline = time.monotonic() + 60
        while not 10 < store.query("SELECT count(*) AS n FROM cases")[0]["n"] < 160:
            assert process.poll() is None and time.monotonic() < deadline, "it ended before it could be killed"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept = store.query("SELECT count(*) AS n FROM cases")[0]["n"]
        row = ValidationStore(store).list_validations()[0]
        assert row["status"] == "interrupted" and 10 < kept < 180
    done = run_cli("validate", "--resume", row["validation_id"], "--json", home=home)
    resumed = json.loads(done.stdout)
    code, whole = validate(run_cli, home, path, 1, *named, "--fresh")
    assert (done.returncode, resumed["verdict"]) == (code, whole["verdict"]) == (0, "pass")
    run, other = (parts_of(s)["real-world"]["runs"] for s in (resumed, whole))
    assert len(run) == len(other) == 1 and run != other
    with open_store() as store:
        sql = "SELECT case_id, status, answer, steps FROM cases WHERE run_id = ? ORDER BY position"
        assert store.query(sql, run) == store.query(sql, other)
        assert len(store.query(sql, run)) == 180
    strip = ("seconds", "runs", "figures", "steps")
    for name, part in parts_of(resumed).items():
        same = parts_of(whole)[name]
        assert {k: v for k, v in part.items() if k not in strip and k != "reason"} == {
            k: v for k, v in same.items() if k not in strip and k != "reason"
        }


def test_ctrl_c_keeps_what_was_done_and_is_exit_130(
    home: Path, plan: Plan, start_cli: StartCli, run_cli: RunCli
) -> None:
    path = plan(copies=60)
    named = ["--part", "infrastructure", "--part", "real-world"]
    with open_store() as store:
        process = start_cli("validate", "--roadmap", str(path), "--phase", "2", *named, "--json", home=home)
        deadline = time.monotonic() + 60
        while not store.query("SELECT count(*) AS n FROM cases")[0]["n"]:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert process.returncode == 130, err
        summary = json.loads(out)
        assert summary["status"] == "interrupted" and "--resume" in err
        states = {part["name"]: part["status"] for part in summary["parts"]}
        assert states == {"infrastructure": "finished", "real-world": "interrupted"}
        seconds = summary["parts"][0]["seconds"]
        resumed = run_validation(store, Request(roadmap="", phase=0), resume=summary["validation_id"])
        assert resumed["parts"][0]["seconds"] == seconds, "a finished part is not repeated"
        assert resumed["parts"][1]["runs"] == summary["parts"][1]["runs"]


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        reply = {"answer": "Within 42 days.", "contexts": ["A defective item is refunded within 42 days of purchase."]}
        content = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def test_a_roadmap_of_another_target_is_validated_on_that_target(home: Path, plan: Plan, run_cli: RunCli) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/ask"
    path = plan()
    path.write_text(path.read_text().replace("summary: Small.", f"summary: Small.\ntarget: {address}"))
    named = ("--part", "integration", "--part", "real-world", "--part", "metric-accuracy")
    try:
        _, summary = validate(run_cli, home, path, 1, *named)
    finally:
        server.shutdown()
        server.server_close()
    parts = parts_of(summary)
    assert "answered" in next(s["text"] for s in parts["integration"]["steps"] if s["text"].startswith("target"))
    assert parts["real-world"]["figures"].get("depot", {}).get("passed") == 1, parts["real-world"]["steps"]
    accuracy = next(iter(parts["metric-accuracy"]["figures"].values()))
    assert accuracy["disagree"] == []
    goal = next(goal for goal in summary["gate"]["goals"] if goal["kpi"] == "warm_p95")
    assert goal["verdict"] == "no_data", "a benchmark of the built-in engine says nothing of another target"
    _, gone = validate(run_cli, home, path, 1, "--part", "integration")
    assert parts_of(gone)["integration"]["verdict"] == "fail", "a target that is down fails"
