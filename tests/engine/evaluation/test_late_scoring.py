"""Scores made after the cases: what is missing, nothing twice, from the journal alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.evaluation.budget import Budget
from engine.evaluation.journal import Journal
from engine.evaluation.late_scoring import LateScoring, find_missing
from engine.evaluation.measures import DEFAULT_MEASURES, select_measures
from engine.evaluation.runner import RunOutcome, run_suite
from engine.evaluation.suites import Suite, load_suite
from engine.settings import PipelineSettings
from tests.engine.evaluation.scripted import DOCUMENTS, MemoryRecorder, ScriptedTarget, make_answer, write_suite

SPAN = {"document": "refunds.md", "start": 9, "end": 66}
TURNS = [
    {"question": "t1", "answers": ["42 days"], "relevant": [SPAN]},
    {"question": "t2", "answers": ["apples"], "relevant": [{"document": "depot.md"}]},
]
CASES: list[dict[str, Any]] = [
    {"id": "right", "kind": "qa", "question": "q1", "answers": ["42 days"], "relevant": [SPAN], "tags": ["t"]},
    {"id": "unanswerable", "kind": "qa", "question": "q2", "unanswerable": True},
    {"id": "talk", "kind": "conversation", "turns": TURNS},
    {"id": "broken", "kind": "qa", "question": "q3", "facts": ["x"], "relevant": [SPAN]},
    {"id": "passage", "kind": "content", "text": "“Where is it?” she said.\n“Gone,” he said.\n", "content_type": "dialogue"},
]  # fmt: skip
GOOD = make_answer("Within 42 days.", [("refunds.md", 9, 66)])
SCRIPT: dict[str, Any] = {
    "q1": GOOD,
    "q2": make_answer("The documents do not say.", abstained=True, quality=0.1),
    "q3": RuntimeError("no route"),
    "t1": GOOD,
    "t2": make_answer("apples", [("depot.md", 0, 60)]),
}


def _embed(texts: Sequence[str]) -> np.ndarray:
    return np.array([[1.0, len(text) % 7] for text in texts], dtype=np.float32)


def _suite(folder: Path) -> Suite:
    return load_suite(write_suite(folder, CASES))


def _run(suite: Suite, recorder: MemoryRecorder, measures: Sequence[str], **more: Any) -> RunOutcome:
    return run_suite(
        suite,
        ScriptedTarget(SCRIPT),
        PipelineSettings(),
        recorder,
        measures,
        run_id="r",
        documents=DOCUMENTS,
        embed=_embed,
        **more,
    )


def _score(recorder: MemoryRecorder, measures: Sequence[str], **more: Any) -> bool:
    with Journal(recorder, "r", 0, 0) as journal:
        late = LateScoring(
            run_id="r",
            chosen=select_measures(measures),
            journal=journal,
            documents=DOCUMENTS,
            embed=_embed,
            **{k: v for k, v in more.items() if k != "again"},
        )
        return late.score_missing(recorder.as_cases_json(), again=more.get("again", ()))


def test_scores_from_the_journal_equal_those_of_the_run(tmp_path: Path) -> None:
    suite, whole, bare = _suite(tmp_path), MemoryRecorder(), MemoryRecorder()
    _run(suite, whole, DEFAULT_MEASURES)
    _run(suite, bare, ["correct"])
    assert {m for _, m in bare.scores} == {"correct"}
    assert _score(bare, DEFAULT_MEASURES)
    assert {k: (s["status"], s["value"]) for k, s in bare.scores.items()} == {
        k: (s["status"], s["value"]) for k, s in whole.scores.items()
    }


def test_what_is_there_is_not_scored_again_unless_its_status_says_so(tmp_path: Path) -> None:
    recorder = MemoryRecorder()
    _run(_suite(tmp_path), recorder, ["correct", "ragas.rouge"])
    kept = {k: dict(s) for k, s in recorder.scores.items()}
    recorder.scores["right", "ragas.rouge"]["value"] = 0.123
    recorder.scores["talk", "ragas.rouge"] |= {"status": "failed", "value": None}
    _score(recorder, ["correct", "ragas.rouge"])
    assert recorder.scores["right", "ragas.rouge"]["value"] == 0.123
    assert recorder.scores["talk", "ragas.rouge"]["status"] == "failed"
    _score(recorder, ["correct", "ragas.rouge"], again=("failed",))
    assert recorder.scores["talk", "ragas.rouge"]["value"] == kept["talk", "ragas.rouge"]["value"]
    assert recorder.scores["right", "ragas.rouge"]["value"] == 0.123


def test_without_a_judge_its_measures_are_unjudged_and_say_why(tmp_path: Path) -> None:
    recorder = MemoryRecorder()
    outcome = _run(_suite(tmp_path), recorder, ["correct", "ragas.faithfulness"])
    assert outcome.status == "finished"
    score = recorder.scores["right", "ragas.faithfulness"]
    assert (score["status"], score["value"]) == ("unjudged", None) and "--judge" in score["reason"]
    assert ("passage", "ragas.faithfulness") not in recorder.scores


def test_missing_are_the_absent_ones_and_those_of_a_given_status() -> None:
    row = {"scores": {"a": {"status": "scored"}, "b": {"status": "failed"}}}
    assert find_missing(row, ("a", "b", "c")) == ("c",)
    assert find_missing(row, ("a", "b", "c"), ("failed",)) == ("b", "c")


def test_a_used_up_budget_stops_before_the_next_case_and_a_resume_does_the_rest(tmp_path: Path) -> None:
    suite, recorder, whole = _suite(tmp_path), MemoryRecorder(), MemoryRecorder()
    measures = ["correct", "span_recall", "ragas.rouge"]
    clock = iter(range(0, 10_000, 25))
    stopped = _run(suite, recorder, measures, budget=Budget(None, 1, clock=lambda: next(clock)))
    assert stopped.status == "interrupted" and "1 minutes" in stopped.reason and 0 < stopped.done < len(CASES)
    rest = _run(suite, recorder, measures, earlier=recorder.as_cases_json())
    _run(suite, whole, measures)
    assert rest.status == "finished"
    assert {k: s["value"] for k, s in recorder.scores.items()} == {k: s["value"] for k, s in whole.scores.items()}
    assert {k: c["status"] for k, c in recorder.cases.items()} == {k: c["status"] for k, c in whole.cases.items()}


def test_a_cancelled_run_keeps_its_bulk_scores(tmp_path: Path) -> None:
    stop, recorder = threading.Event(), MemoryRecorder()
    stop.set()
    assert _run(_suite(tmp_path), recorder, ["correct", "ragas.rouge"], cancel=stop).status == "interrupted"
    assert not recorder.cases
