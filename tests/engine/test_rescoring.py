"""Scoring a stored run again, with a real store and a judge model on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError, UnknownNameError
from engine.rescoring import RescoreRequest, rescore_run
from engine.run_options import RunOptions
from engine.runs import RunRequest, load_summary, run_request
from engine.store import RunStore, Store, open_store
from tests.engine.providers.scripted import ScriptedServer, serve

CASES = [
    {"id": "refund", "kind": "qa", "question": "Within how many days is an item refunded?", "answers": ["42 days"]},
    {"id": "unknown", "kind": "qa", "question": "Who is the mayor of Bregenz?", "unanswerable": True},
]


class ProseServer(ScriptedServer):
    """A judge that answers in prose, which no measure can read."""

    def respond(self, body: dict[str, Any]) -> dict[str, Any]:
        message = {"role": "assistant", "content": "I would rather not say."}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return {"id": "x", "object": "chat.completion", "model": body["model"], "choices": choices, "usage": usage}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    (folder / "docs").mkdir()
    (folder / "docs" / "refunds.md").write_text("# Refunds\n\nA defective item is refunded within 42 days.\n")
    (folder / "suite.yaml").write_text(
        "name: tiny\ntitle: Tiny\nlicence: CC0-1.0\ncorpus: docs\nmeasures: [correct, groundedness]\n"
    )
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES))
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, suite: Path) -> Iterator[Store]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(tmp_path_factory.mktemp("home")))
        with open_store() as opened:
            run_request(opened, RunRequest(suite=str(suite), overrides={}, run_id="first"))
            yield opened


def test_new_measures_are_scored_beside_the_old_ones_and_the_run_stays_evidence(store: Store) -> None:
    before = load_summary(store, "first")
    outcome = rescore_run(store, RescoreRequest(run_id="first", measures=("ragas.rouge", "correct")))
    after = load_summary(store, "first")
    assert outcome["status"] == "finished" and outcome["warnings"] == []
    assert after["status"] == "finished" and after["measures"]["ragas.rouge"]["scored"] == 1
    assert after["measures"]["correct"] == before["measures"]["correct"]
    assert after["success_rate"] == before["success_rate"]


def test_a_judge_that_talks_prose_fails_its_scores_and_nothing_else(store: Store) -> None:
    with serve(ProseServer(), "OPENAI"):
        outcome = rescore_run(
            store, RescoreRequest(run_id="first", judge="openai/prose", measures=("ragas.faithfulness",))
        )
    measures = load_summary(store, "first")["measures"]
    assert outcome["judge"] == "openai/prose" and outcome["status"] == "finished"
    assert measures["ragas.faithfulness"]["failed"] >= 1 and measures["ragas.faithfulness"]["mean"] is None
    assert measures["correct"]["mean"] is not None


def test_a_second_judge_scores_beside_the_first(store: Store) -> None:
    with serve(ProseServer(), "OPENAI"):
        rescore_run(store, RescoreRequest(run_id="first", judge="openai/prose", measures=("ragas.faithfulness",)))
        rescore_run(store, RescoreRequest(run_id="first", judge="openai/other", measures=("ragas.faithfulness",)))
    assert {"ragas.faithfulness", "ragas.faithfulness[openai/other]"} <= load_summary(store, "first")["measures"].keys()


def test_no_other_judge_goes_on_under_the_plain_names(store: Store, suite: Path) -> None:
    with serve(ProseServer(), "OPENAI"):
        rescore_run(store, RescoreRequest(run_id="first", judge="openai/prose", measures=("ragas.faithfulness",)))
        other = RunOptions(judge="openai/other", measures=("ragas.faithfulness",))
        with pytest.raises(InputError, match="judged by openai/prose, not by openai/other"):
            run_request(store, RunRequest(suite=str(suite), overrides={}, resume="first", retry=True, options=other))


def test_without_a_judge_what_was_judged_stays(store: Store) -> None:
    with serve(ProseServer(), "OPENAI"):
        rescore_run(store, RescoreRequest(run_id="first", judge="openai/prose", measures=("ragas.faithfulness",)))
    before = load_summary(store, "first")["measures"]["ragas.faithfulness"]
    store.execute("UPDATE runs SET options = NULL WHERE run_id = 'first'")
    rescore_run(store, RescoreRequest(run_id="first", measures=("ragas.faithfulness",), again=True))
    assert load_summary(store, "first")["measures"]["ragas.faithfulness"] == before


def test_a_suite_that_was_edited_since_is_said_so_and_expectations_come_from_the_run(store: Store, suite: Path) -> None:
    cases = suite / "cases.jsonl"
    original = cases.read_text()
    cases.write_text(original.replace("42 days", "43 days"))
    try:
        outcome = rescore_run(store, RescoreRequest(run_id="first", measures=("correct",), again=True))
    finally:
        cases.write_text(original)
    assert "changed" in outcome["warnings"][0]
    assert load_summary(store, "first")["measures"]["correct"]["mean"] == 1


def test_an_unknown_run_or_measure_is_named(store: Store) -> None:
    with pytest.raises(UnknownNameError, match="nowhere"):
        rescore_run(store, RescoreRequest(run_id="nowhere"))
    with pytest.raises(UnknownNameError, match="recall@6"):
        rescore_run(store, RescoreRequest(run_id="first", measures=("recall@6",)))


def test_a_run_at_work_is_left_alone(store: Store) -> None:
    with RunStore(store) as runs:
        runs.create_run(
            run_id="busy", suite="tiny", suite_path="/x", suite_hash="h", suite_cases=1, target="pipeline", preset=None,
            settings={}, provenance={"seed": 0, "limit": None}, cases=1,
        )  # fmt: skip
        with pytest.raises(InputError, match="still running"):
            rescore_run(store, RescoreRequest(run_id="busy"))
        runs.delete_run("busy")


def test_repetitions_are_runs_of_one_group_and_a_resume_does_the_missing_ones(store: Store, suite: Path) -> None:
    options = RunOptions(repetitions=3)
    summary = run_request(store, RunRequest(suite=str(suite), overrides={}, run_id="group", options=options))
    assert summary["repetitions"] == ["group", "group-r2", "group-r3"]
    with RunStore(store) as runs:
        stored = [RunOptions.from_json(runs.load_run(name)["options"]) for name in summary["repetitions"]]
        assert [(o.group, o.repetition) for o in stored] == [("group", 1), ("group", 2), ("group", 3)]
        runs.delete_run("group-r3")
    again = run_request(store, RunRequest(suite=str(suite), overrides={}, resume="group"))
    assert again["repetitions"] == ["group", "group-r2", "group-r3"] and again["status"] == "finished"
    assert load_summary(store, "group-r3")["cases"] == 2


def test_only_errors_are_asked_again(store: Store, suite: Path) -> None:
    store.execute("UPDATE cases SET status = 'error', answer = NULL WHERE run_id = 'first' AND case_id = 'refund'")
    store.execute("UPDATE cases SET answer = 'kept as it was' WHERE run_id = 'first' AND case_id = 'unknown'")
    summary = run_request(store, RunRequest(suite=str(suite), overrides={}, resume="first", retry=True))
    with RunStore(store) as runs:
        answers = {case["id"]: case["answer"] for case in runs.load_cases("first")}
    assert summary["errors"] == 0 and summary["status"] == "finished"
    assert "42 days" in answers["refund"] and answers["unknown"] == "kept as it was"


def test_options_that_cannot_be_used_are_named() -> None:
    with pytest.raises(InputError, match="repetitions 0"):
        RunOptions(repetitions=0)
    with pytest.raises(InputError, match="case_timeout_s -1"):
        RunOptions(case_timeout_s=-1)
    with pytest.raises(UnknownNameError, match="recall@6"):
        RunOptions(measures=("recall@6",))


def test_options_survive_the_store_and_the_command_line() -> None:
    options = RunOptions(measures=("correct",), judge="j", case_timeout_s=2.5, budget_usd=1.0, repetitions=2)
    assert RunOptions.from_json(options.as_json()) == options
    assert options.as_arguments() == [
        "--judge", "j", "--case-timeout", "2.5", "--budget-usd", "1.0", "--repeat", "2", "--measure", "correct",
    ]  # fmt: skip
    raised = options.merge(RunOptions(budget_usd=5.0))
    assert (raised.budget_usd, raised.judge, raised.repetitions) == (5.0, "j", 2)
