"""A target that hangs ends in the error of one case."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from engine.errors import TargetError
from engine.evaluation.deadlines import DeadlineTarget
from engine.evaluation.runner import run_suite
from engine.evaluation.suites import load_suite
from engine.settings import PipelineSettings
from tests.engine.evaluation.scripted import DOCUMENTS, MemoryRecorder, ScriptedTarget, make_answer, write_suite


def test_an_answer_in_time_is_given_back_with_its_history() -> None:
    target = ScriptedTarget({"q": make_answer("yes")})
    assert DeadlineTarget(target, 30).ask("q", (("a", "b"),)).text == "yes"
    assert target.asked == [("q", (("a", "b"),))]


def test_the_targets_own_error_comes_through() -> None:
    with pytest.raises(OSError, match="down"):
        DeadlineTarget(ScriptedTarget({"q": OSError("down")}), 30).ask("q")


def test_no_answer_in_time_is_a_target_error_that_names_the_limit() -> None:
    never = threading.Event()
    target = ScriptedTarget({"q": lambda _: never.wait(30)})
    with pytest.raises(TargetError, match=r"0\.05 s"):
        DeadlineTarget(target, 0.05).ask("q")
    never.set()


def test_a_hanging_case_is_an_error_and_the_next_one_is_asked(tmp_path: Path) -> None:
    never = threading.Event()
    cases = [{"id": f"c{i}", "kind": "qa", "question": f"q{i}", "answers": ["yes"]} for i in range(3)]
    script: dict[str, Any] = {"q0": make_answer("yes"), "q1": lambda _: never.wait(30), "q2": make_answer("yes")}
    recorder = MemoryRecorder()
    outcome = run_suite(
        load_suite(write_suite(tmp_path, cases)),
        ScriptedTarget(script),
        PipelineSettings(),
        recorder,
        ["correct"],
        run_id="r",
        documents=DOCUMENTS,
        case_timeout_s=0.2,
    )
    never.set()
    assert outcome.status == "finished"
    assert [recorder.cases[f"c{i}"]["status"] for i in range(3)] == ["passed", "error", "passed"]
    assert "TargetError" in recorder.cases["c1"]["detail"]["error"]
