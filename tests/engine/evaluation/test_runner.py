"""Runs against a scripted target: verdicts, errors, journal, stop, resume, bulk scores, overhead."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import StoreError, UnknownNameError
from engine.evaluation.harness_bench import bench_harness, count_calls
from engine.evaluation.measures import MEASURES
from engine.evaluation.runner import RunOutcome, run_suite
from engine.evaluation.suites import Suite, load_suite
from engine.settings import PipelineSettings
from tests.engine.evaluation.scripted import DOCUMENTS, MemoryRecorder, ScriptedTarget, make_answer, write_suite

SPAN = {"document": "refunds.md", "start": 9, "end": 66}
QUICK = tuple(MEASURES)


def _embed(texts: Sequence[str]) -> np.ndarray:
    return np.tile(np.array([1.0, 0.0], dtype=np.float32), (len(texts), 1))


def _suite(folder: Path, cases: Sequence[dict[str, Any]]) -> Suite:
    return load_suite(write_suite(folder, cases))


def _qa(case_id: str, question: str, **fields: Any) -> dict[str, Any]:
    return {"id": case_id, "kind": "qa", "question": question, **fields}


def _run(
    suite: Suite, target: ScriptedTarget, recorder: Any, measures: Sequence[str] = QUICK, **more: Any
) -> RunOutcome:
    return run_suite(
        suite, target, PipelineSettings(), recorder, measures, run_id="r", documents=DOCUMENTS, embed=_embed, **more
    )


def _numbered(folder: Path, n: int) -> Suite:
    return _suite(folder, [_qa(f"c{i}", f"q{i}", answers=["yes"], relevant=[SPAN]) for i in range(n)])


def test_every_verdict_of_a_question(tmp_path: Path) -> None:
    suite = _suite(
        tmp_path,
        [
            _qa("right", "q1", answers=["42 days"], relevant=[SPAN]),
            _qa("wrong", "q2", answers=["42 days"], relevant=[SPAN]),
            _qa("no answer there", "q3", unanswerable=True),
            _qa("retrieval only", "q4", relevant=[SPAN]),
            _qa("broken", "q5", answers=["x"], relevant=[SPAN], tags=["t"]),
            {"id": "other", "kind": "fault", "fault": "network"},
        ],
    )
    found = make_answer("Within 42 days.", [("refunds.md", 9, 66)], total_ms=12)
    target = ScriptedTarget(
        {
            "q1": found,
            "q2": make_answer("Never.", [("depot.md", 0, 20)]),
            "q3": make_answer("The documents do not say.", abstained=True, quality=0.1),
            "q4": found,
            "q5": RuntimeError("no route"),
        }
    )
    recorder = MemoryRecorder()
    outcome = _run(suite, target, recorder)
    assert outcome.status == "finished" and outcome.done == 6
    rows = recorder.cases
    assert [rows[c["id"]]["status"] for c in recorder.as_cases_json()] == [
        "passed", "failed", "passed", "unscored", "error", "unscored",
    ]  # fmt: skip
    assert rows["right"]["checks"] == {"correct": True, "abstained_correctly": True}
    assert rows["right"]["latency_ms"] == 12 and rows["right"]["detail"]["contexts"][0]["document"] == "refunds.md"
    assert rows["retrieval only"]["checks"] == {}
    assert rows["broken"]["detail"]["error"] == "RuntimeError: no route" and rows["broken"]["tags"] == ["t"]
    assert "drill" in rows["other"]["detail"]["reason"]
    score = recorder.scores
    assert score["right", "span_recall"]["value"] == 1 and score["wrong", "span_recall"]["value"] == 0
    assert score["no answer there", "span_recall"]["status"] == "not_applicable"
    assert score["broken", "span_recall"]["status"] == "failed" and score["broken", "span_recall"]["value"] is None
    assert score["wrong", "correct"]["reason"] == "holds none of the gold answers"


def test_a_conversation_hands_its_history_on_and_passes_only_when_every_turn_does(tmp_path: Path) -> None:
    turns = [{"question": "q1", "answers": ["a1"], "relevant": [SPAN]}, {"question": "q2", "answers": ["a2"]}]
    suite = _suite(
        tmp_path,
        [{"id": "c", "kind": "conversation", "turns": turns}, {"id": "d", "kind": "conversation", "turns": turns[:1]}],
    )
    target = ScriptedTarget({"q1": make_answer("a1", total_ms=10), "q2": make_answer("nothing", total_ms=30)})
    recorder = MemoryRecorder()
    _run(suite, target, recorder)
    row = recorder.cases["c"]
    assert target.asked[1] == ("q2", (("q1", "a1"),)) and target.asked[2] == ("q1", ())
    assert (row["status"], row["checks"]) == ("failed", {"turn 1 correct": True, "turn 2 correct": False})
    assert row["latency_ms"] == 20 and [t["answer"] for t in row["detail"]["turns"]] == ["a1", "nothing"]
    assert recorder.cases["d"]["status"] == "passed"
    assert recorder.scores["c", "correct"]["value"] == 0.5
    assert recorder.scores["c", "span_recall"]["value"] == 0, "the mean is over the turns with gold spans"


def test_a_turn_that_raises_keeps_the_turns_before_it(tmp_path: Path) -> None:
    turns = [{"question": "q1", "answers": ["a1"]}, {"question": "q2", "answers": ["a2"]}]
    suite = _suite(tmp_path, [{"id": "c", "kind": "conversation", "turns": turns}])
    recorder = MemoryRecorder()
    _run(suite, ScriptedTarget({"q1": make_answer("a1"), "q2": TimeoutError("30 s")}), recorder)
    row = recorder.cases["c"]
    assert row["status"] == "error" and len(row["detail"]["turns"]) == 1 and "30 s" in row["detail"]["error"]


def test_content_cases_are_detected_without_the_target(tmp_path: Path) -> None:
    pytest.importorskip("engine.ingestion.content_types", reason="the content type detector is not built yet")
    text = "“Where is it?” she said.\n“Gone,” he said.\n“Gone where?”\n“Down the well.”\n“Again?” she asked."
    suite = _suite(tmp_path, [{"id": "t", "kind": "content", "text": text, "content_type": "dialogue"}])
    recorder = MemoryRecorder()
    _run(suite, ScriptedTarget({}), recorder)
    assert recorder.cases["t"]["status"] == "passed" and recorder.cases["t"]["answer"] == "dialogue"
    assert recorder.scores["t", "content_type_correct"]["value"] == 1
    assert recorder.scores["t", "span_recall"]["status"] == "not_applicable"


def test_limit_takes_the_first_cases(tmp_path: Path) -> None:
    target = ScriptedTarget({f"q{i}": make_answer("yes") for i in range(9)})
    outcome = _run(_numbered(tmp_path, 9), target, MemoryRecorder(), limit=4)
    assert (outcome.total, [q for q, _ in target.asked]) == (4, ["q0", "q1", "q2", "q3"])


def test_an_ended_case_is_in_the_journal_while_the_next_one_runs(tmp_path: Path) -> None:
    recorder, seen = MemoryRecorder(), threading.Event()

    def slow(_: object) -> Any:
        end = time.monotonic() + 5
        while time.monotonic() < end and "c0" not in recorder.cases:
            time.sleep(0.005)
        if "c0" in recorder.cases:
            seen.set()
        return make_answer("yes")

    _run(_numbered(tmp_path, 2), ScriptedTarget({"q0": make_answer("yes"), "q1": slow}), recorder)
    assert seen.is_set() and recorder.beats[-1] == (2, 2)


@pytest.mark.parametrize("how", ["cancel", "interrupt"])
def test_a_stop_keeps_what_was_scored_and_a_resume_asks_only_the_rest(tmp_path: Path, how: str) -> None:
    suite, cancel, recorder = _numbered(tmp_path, 6), threading.Event(), MemoryRecorder()

    def stop(_: object) -> Any:
        if how == "interrupt":
            raise KeyboardInterrupt
        cancel.set()
        return make_answer("yes")

    script: dict[str, Any] = {f"q{i}": make_answer("yes", [("refunds.md", 9, 66)]) for i in range(6)}
    names = (*QUICK, "ragas.rouge", "ragas.non_llm_context_recall")
    first = _run(suite, ScriptedTarget({**script, "q3": stop}), recorder, names, cancel=cancel)
    kept = 3 if how == "interrupt" else 4
    assert (first.status, first.done, len(recorder.cases)) == ("interrupted", kept, kept)
    assert recorder.scores["c2", "ragas.rouge"]["value"] == 1, "an interrupted run has its bulk scores too"
    del recorder.scores["c1", "ragas.rouge"]
    target = ScriptedTarget(script)
    second = _run(suite, target, recorder, names, earlier=recorder.as_cases_json())
    assert [q for q, _ in target.asked] == [f"q{i}" for i in range(kept, 6)]
    assert (second.status, second.done, len(recorder.cases)) == ("finished", 6, 6)
    assert recorder.scores["c1", "ragas.rouge"]["value"] == 1, "a resume makes the bulk scores that are missing"
    assert {(f"c{i}", n) for i in range(6) for n in names} == set(recorder.scores)


def test_skipped_ids_are_counted_as_done(tmp_path: Path) -> None:
    target = ScriptedTarget({"q1": make_answer("yes")})
    heard: list[tuple[int, int]] = []
    suite = _numbered(tmp_path, 3)
    outcome = _run(suite, target, MemoryRecorder(), skip={"c0", "c2"}, progress=lambda d, t, _: heard.append((d, t)))
    assert outcome.status == "finished" and len(target.asked) == 1 and heard[0] == (3, 3)


def test_concurrency_is_bounded_and_complete(tmp_path: Path) -> None:
    running, most, lock = [0], [0], threading.Lock()

    def ask(_: object) -> Any:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1
        return make_answer("yes")

    recorder = MemoryRecorder()
    outcome = _run(
        _numbered(tmp_path, 40), ScriptedTarget(dict.fromkeys((f"q{i}" for i in range(40)), ask), 4), recorder
    )
    assert outcome.done == len(recorder.cases) == 40 and 1 < most[0] <= 4
    assert sorted(r["position"] for r in recorder.cases.values()) == list(range(40))


def test_a_recorder_that_fails_ends_the_run_with_its_error(tmp_path: Path) -> None:
    class Full(MemoryRecorder):
        def record_cases(self, case_rows: Any, score_rows: Any) -> None:
            raise StoreError("the store is gone")

    with pytest.raises(StoreError, match="gone"):
        _run(_numbered(tmp_path, 3), ScriptedTarget({f"q{i}": make_answer("yes") for i in range(3)}), Full())


def test_an_unknown_measure_is_named_before_anything_runs(tmp_path: Path) -> None:
    target = ScriptedTarget({})
    with pytest.raises(UnknownNameError, match="recall@6.*recall@5"):
        _run(_numbered(tmp_path, 1), target, MemoryRecorder(), ["recall@6"])
    assert not target.asked


def test_an_errored_case_fails_its_bulk_scores_where_they_apply(tmp_path: Path) -> None:
    suite = _suite(tmp_path, [_qa("a", "q", answers=["x"]), _qa("b", "q", unanswerable=True)])
    recorder = MemoryRecorder()
    _run(suite, ScriptedTarget({"q": OSError("down")}), recorder, ["ragas.rouge"])
    assert recorder.scores["a", "ragas.rouge"]["status"] == "failed"
    assert recorder.scores["b", "ragas.rouge"]["status"] == "not_applicable"


def test_the_harness_adds_less_to_a_case_than_half_of_what_scoring_it_takes() -> None:
    """In calls, not in time: what a call takes depends on what else the machine and this process have at hand."""
    run, scoring = count_calls(100, first=10_000)
    assert scoring > 100 * 300
    assert run / scoring < 1.5


def test_what_the_harness_adds_to_a_case_does_not_grow_with_the_cases() -> None:
    few_run, few_scoring = count_calls(100, first=20_000)
    many_run, many_scoring = count_calls(800, first=30_000)
    assert (many_run - many_scoring) / 800 < 1.2 * (few_run - few_scoring) / 100


def test_the_benchmark_of_the_harness_measures_a_run_that_passes() -> None:
    figures = bench_harness(100)
    assert figures["passed"] == figures["cases"] == 100
    assert figures["ms_per_case"] > 0 < figures["scoring_cpu_ms_per_case"]
