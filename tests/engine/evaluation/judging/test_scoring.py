"""Scores by a judge's model on loopback that does as it is told, or misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from engine.errors import ProviderError, SettingError
from engine.evaluation.judging import JudgeCache, JudgeReport, JudgeSpec, JudgeTask, MemoryCache, asking, score_by_judge
from engine.evaluation.measures.measure import Score
from tests.engine.evaluation.judging.judge import JudgeServer, build_spec, build_task
from tests.engine.providers.scripted import serve


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with serve(JudgeServer(), "SCRIPTED") as judge:
        yield judge
        judge.released.set()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WAIT_S", (0.001, 0.01))


def run(
    spec: JudgeSpec, tasks: Sequence[JudgeTask], cache: JudgeCache | None = None, **given: Any
) -> tuple[dict[tuple[str, str], Score], JudgeReport]:
    scores: dict[tuple[str, str], Score] = {}
    report = score_by_judge(tasks, spec, cache, lambda c, m, s: scores.update({(c, m): s}), **given)
    return scores, report


def run_one(spec: JudgeSpec, measure: str = "rubric.short", **given: Any) -> Score:
    return run(spec, [build_task(measure=measure)], **given)[0]["1", measure]


def test_a_score_says_who_judged_and_by_which_prompt(server: JudgeServer) -> None:
    score = run_one(build_spec(server))
    assert (score.status, score.value, score.judge) == ("scored", 0.75, "scripted")
    assert score.reason == "It is short."
    other = run_one(build_spec(server, rubrics={"short": "At most ten words."}))
    assert len({score.prompt_hash, other.prompt_hash, ""}) == 3


def test_ragas_metrics_are_bound_as_ragas_computes_them(server: JudgeServer) -> None:
    score = run_one(build_spec(server), "ragas.faithfulness")
    assert score.value == 0.5  # one of two statements
    assert score.reason.startswith("no: It takes 42 days.")
    assert len(server.requests) == 2


def test_answer_relevancy_embeds_with_the_runs_own_function(server: JudgeServer) -> None:
    seen: list[str] = []

    def embed(texts: Sequence[str]) -> np.ndarray:
        seen.extend(texts)
        return np.array([[1.0, 0.0] if text == "How long?" else [0.6, 0.8] for text in texts])

    score = run_one(build_spec(server), "ragas.answer_relevancy", embed=embed)
    assert score.value == pytest.approx(0.6)
    assert "How long, 1.0?" in seen
    assert "embedding" in run_one(build_spec(server), "ragas.answer_relevancy").reason


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"reason": "x", "score": 0.', "no JSON"),
        ("I would say it is rather good.", "no JSON"),
        ('{"reason": "x", "score": 7}', "expected 0 to 1"),
        ('{"reason": "x", "score": NaN}', "expected 0 to 1"),
        ('{"reason": "x"}', "score: Field required"),
        ("", "judge failed"),
    ],
    ids=["broken JSON", "prose", "out of range", "NaN", "a field is missing", "empty"],
)
def test_an_unusable_answer_fails_the_score_after_the_attempts(server: JudgeServer, answer: str, said: str) -> None:
    server.usual = lambda _: answer
    score = run_one(build_spec(server, max_attempts=2))
    assert (score.status, score.value) == ("failed", None)
    assert said in score.reason
    assert len(server.requests) == 2
    assert answer == "" or answer not in score.reason


def test_an_unusable_answer_is_asked_for_again(server: JudgeServer) -> None:
    server.answers = ["well...", '{"reason": "x", "score": 2}']
    cache = MemoryCache()
    assert run_one(build_spec(server), cache=cache).value == 0.75
    assert len(cache.rows) == 1


@pytest.mark.parametrize("verdicts", [0, 1, 3])
def test_a_verdict_too_few_or_too_many_is_no_score(server: JudgeServer, verdicts: int) -> None:
    parts = [{"statement": "s", "reason": "r", "verdict": 1}] * verdicts
    server.usual = lambda p: json.dumps({"statements": parts if "NLIStatementOutput" in p else ["a", "b"]})
    score = run_one(build_spec(server, max_attempts=1), "ragas.faithfulness")
    assert score.status == "failed"
    assert f"{verdicts} verdicts on 2 statements" in score.reason


def test_a_verdict_that_is_neither_yes_nor_no_is_no_score(server: JudgeServer) -> None:
    parts = [{"statement": "s", "reason": "r", "verdict": 5}] * 2
    server.usual = lambda p: json.dumps({"statements": parts if "NLIStatementOutput" in p else ["a", "b"]})
    assert "expected 0 or 1" in run_one(build_spec(server, max_attempts=1), "ragas.faithfulness").reason


def test_ragas_nan_is_a_failed_score(server: JudgeServer) -> None:
    server.usual = lambda _: '{"statements": []}'
    score = run_one(build_spec(server), "ragas.faithfulness")
    assert (score.status, score.value) == ("failed", None)


def test_a_busy_model_is_asked_again(server: JudgeServer) -> None:
    server.script = [429, 503]
    scores, report = run(build_spec(server), [build_task()])
    assert scores["1", "rubric.short"].value == 0.75
    assert report.calls == 3


def test_a_broken_model_fails_each_score_and_nothing_else(server: JudgeServer) -> None:
    server.status = 500
    scores, report = run(build_spec(server, max_attempts=2), [build_task("1"), build_task("2")])
    assert {score.status for score in scores.values()} == {"failed"}
    assert (report.answered, report.failed, report.calls) == (2, 2, 4)


def test_a_refused_request_is_not_repeated(server: JudgeServer) -> None:
    server.status = 400
    assert "refused" in run_one(build_spec(server)).reason
    assert len(server.requests) == 1


def test_one_failure_leaves_the_other_scores(server: JudgeServer) -> None:
    server.usual = lambda p: "no" if "long, 2." in p else '{"reason": "x", "score": 1}'
    scores, report = run(build_spec(server, max_attempts=1), [build_task(str(i)) for i in range(4)])
    assert [score.status for _, score in sorted(scores.items())] == ["scored", "scored", "failed", "scored"]
    assert report.failed == 1


def test_a_model_that_hangs_fails_by_its_timeout(server: JudgeServer) -> None:
    server.hangs = 1
    scores, _ = run(build_spec(server, timeout_s=0.5, max_attempts=1), [build_task("1"), build_task("2")])
    assert sorted(score.status for score in scores.values()) == ["failed", "scored"]
    failed = next(score for score in scores.values() if score.status == "failed")
    assert "did not answer in time" in failed.reason


def test_calls_in_flight_keep_to_the_bound_and_use_it(server: JudgeServer) -> None:
    server.seconds = 0.02
    _, report = run(build_spec(server, concurrency=4), [build_task(str(i)) for i in range(30)])
    assert report.answered == 30
    assert server.most_at_once == 4


def test_judging_again_asks_nothing_again(server: JudgeServer) -> None:
    cache, tasks = MemoryCache(), [build_task(str(i), "ragas.faithfulness") for i in range(5)]
    first, before = run(build_spec(server), tasks, cache)
    asked = len(server.requests)
    second, after = run(build_spec(server), tasks, cache)
    assert (before.calls, before.cached) == (asked, 0)
    assert (after.calls, after.cached, after.cost_usd) == (0, asked, None)
    assert len(server.requests) == asked
    assert {key: score.value for key, score in second.items()} == {key: score.value for key, score in first.items()}


@pytest.mark.parametrize("change", [{"temperature": 0.5}, {"model": "hosted_vllm/other"}])
def test_another_setting_or_model_is_asked_anew(server: JudgeServer, change: dict[str, Any]) -> None:
    cache = MemoryCache()
    run(build_spec(server), [build_task()], cache)
    _, report = run(build_spec(server, **change), [build_task()], cache)
    assert (report.calls, report.cached) == (1, 0)


def test_a_failed_answer_is_not_cached(server: JudgeServer) -> None:
    cache = MemoryCache()
    server.answers = ["no"]
    assert run_one(build_spec(server, max_attempts=1), cache=cache).status == "failed"
    assert run_one(build_spec(server, max_attempts=1), cache=cache).value == 0.75


def test_repetitions_are_each_asked_and_their_mean_counts(server: JudgeServer) -> None:
    server.answers = [json.dumps({"reason": "x", "score": value}) for value in (0.2, 0.4, 0.9)]
    cache = MemoryCache()
    score = run_one(build_spec(server, repeats=3), cache=cache)
    assert score.repeats == (0.2, 0.4, 0.9)
    assert score.value == pytest.approx(0.5)
    _, report = run(build_spec(server, repeats=4), [build_task()], cache)
    assert (report.calls, report.cached) == (1, 3)


def test_a_failed_repetition_fails_the_score(server: JudgeServer) -> None:
    server.answers = ['{"reason": "x", "score": 1}', "no"]
    score = run_one(build_spec(server, repeats=2, max_attempts=1))
    assert score.status == "failed"
    assert score.reason.startswith("repetition 2")


def test_a_conversation_scores_the_mean_of_its_turns(server: JudgeServer) -> None:
    server.usual = lambda p: json.dumps({"reason": "x", "score": 1.0 if "How long, 1.0" in p else 0.5})
    scores, _ = run(build_spec(server), [build_task(turns=2)])
    assert scores["1", "rubric.short"].value == 0.75


@pytest.mark.parametrize(
    ("measure", "given", "status"),
    [
        ("ragas.context_recall", {"references": ()}, "not_applicable"),
        ("ragas.faithfulness", {"retrieved_contexts": ()}, "not_applicable"),
        ("ragas.faithfulness", {"abstained": True}, "not_applicable"),
        ("rubric.short", {"response": " "}, "not_applicable"),
        ("ragas.context_recall", {"retrieved_contexts": ()}, "scored"),
        ("rubric.unknown", {}, "failed"),
    ],
)
def test_what_leaves_nothing_to_judge_is_not_asked(
    server: JudgeServer, measure: str, given: dict[str, Any], status: str
) -> None:
    scores, _ = run(build_spec(server), [build_task(measure=measure, **given)])
    assert scores["1", measure].status == status
    assert server.requests == []


def test_stopping_keeps_what_was_answered_and_resuming_asks_for_the_rest(server: JudgeServer) -> None:
    cache, cancel, seen = MemoryCache(), threading.Event(), []
    tasks = [build_task(str(i)) for i in range(40)]
    server.seconds = 0.01

    def on_score(case: str, measure: str, score: Score) -> None:
        seen.append(case)
        cancel.set()

    report = score_by_judge(tasks, build_spec(server, concurrency=2), cache, on_score, cancel=cancel)
    assert 0 < report.answered == len(seen) < 40
    assert report.stopped == "cancelled"
    kept = len(cache.rows)
    assert kept >= report.answered
    _, after = run(build_spec(server), tasks, cache)
    assert (after.answered, after.cached, after.calls) == (40, kept, 40 - kept)


def test_an_error_of_the_receiver_is_raised_and_what_was_answered_is_kept(server: JudgeServer) -> None:
    cache = MemoryCache()

    def on_score(*_: object) -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        score_by_judge([build_task()], build_spec(server), cache, on_score)
    assert len(cache.rows) == 1


def test_a_spent_budget_stops_before_the_next_call(server: JudgeServer) -> None:
    spent: list[float] = []

    def may_spend(usd: float) -> bool:
        spent.append(usd)
        return len(server.requests) < 3

    tasks = [build_task(str(i)) for i in range(20)]
    scores, report = run(build_spec(server, concurrency=1), tasks, may_spend=may_spend)
    assert report.stopped == "budget"
    assert 3 <= len(scores) <= 5


def test_cost_is_what_litellm_knows_and_none_where_it_knows_no_price(server: JudgeServer) -> None:
    assert run_one(build_spec(server)).cost_usd is None
    spec = build_spec(server, model="openai/gpt-4o-mini")
    scores, report = run(spec, [build_task()])
    assert report.cost_usd == pytest.approx(10 * 0.15e-6 + 5 * 0.6e-6)
    assert scores["1", "rubric.short"].cost_usd == report.cost_usd


def test_no_key_is_sent_to_an_address_without_one_and_the_named_one_with(
    server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "must-not-leave")
    monkeypatch.setenv("JUDGE_KEY", "judge-secret")
    for given in ({}, {"api_key_env": "JUDGE_KEY"}):
        run(build_spec(server, model="openai/judge", **given), [build_task()])
    assert server.keys == ["Bearer none", "Bearer judge-secret"]


def test_a_key_that_is_not_set_stops_before_the_first_call(server: JudgeServer) -> None:
    with pytest.raises(SettingError, match="NO_SUCH_KEY"):
        run(build_spec(server, api_key_env="NO_SUCH_KEY"), [build_task()])


def test_an_unknown_provider_stops_with_its_reason() -> None:
    with pytest.raises(ProviderError, match="no known provider"):
        run(JudgeSpec(name="x", model="nosuch/model", rubrics={"short": "x"}), [build_task()])


def test_many_scores_are_asked_from_processes_of_their_own(
    server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.evaluation.judging import calling

    monkeypatch.setattr(calling, "MANY", 10)
    server.seconds = 0.02
    scores, report = run(build_spec(server, concurrency=8), [build_task(str(i)) for i in range(40)])
    assert {score.value for score in scores.values()} == {0.75}
    assert report.calls == 40
    assert server.most_at_once <= 8
