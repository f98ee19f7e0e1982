"""``cases`` with its filters, ``label``, ``labels``, ``save-cases`` and ``mark``, as a shell sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from engine.cli import app
from engine.errors import PhasegateError
from engine.store import RunStore, open_store
from tests.engine.store.test_cases import case, create, record, score

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    monkeypatch.setenv("PHASEGATE_USER", "ann")
    with open_store() as store, RunStore(store) as runs:
        create(runs, "old", 0)
        create(runs, "new", 5)
        record(store, runs, "old", [case(1), case(2), case(3)], {})
        detail = {
            "expected": {
                "question": "Question 2?",
                "answers": ["yes"],
                "facts": [],
                "relevant": [],
                "unanswerable": False,
            }
        }
        cases = [case(1, latency_ms=5.0), case(2, "failed", tags=["times"], detail=detail), case(3)]
        record(store, runs, "new", cases, {"q1": [score("MRR", 0.5)], "q3": [score("MRR", 1.0)]})

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def read(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def ids(result: Result) -> list[str]:
    return [entry["id"] for entry in read(result)["cases"]]


def test_cases_filters_sorts_and_limits_in_the_usual_json(run: Run) -> None:
    whole = read(run("cases", "new", "--json"))
    assert whole["run_id"] == "new" and [entry["id"] for entry in whole["cases"]] == ["q1", "q2", "q3"]
    assert {"contexts", "retrieved", "scores", "checks", "timings_ms", "error"} <= whole["cases"][0].keys()
    assert (
        ids(run("cases", "new", "--failed", "--json"))
        == ids(run("cases", "new", "--flag", "failing", "--json"))
        == ["q2"]
    )
    assert ids(run("cases", "new", "--flag", "flipped", "--json")) == ["q2"]
    assert ids(run("cases", "new", "--flag", "flipped", "--against", "new", "--json")) == []
    assert ids(run("cases", "new", "--status", "passed", "--status", "failed", "--tag", "times", "--json")) == ["q2"]
    assert ids(run("cases", "new", "--search", "question 3", "--json")) == ["q3"]
    assert ids(run("cases", "new", "--sort=-MRR", "--limit", "2", "--json")) == ["q3", "q1"]
    assert ids(run("cases", "new", "--measure", "MRR", "--low", "0.6", "--json")) == ["q3"]
    table = run("cases", "new", "--sort", "latency_ms", "--limit", "1")
    assert "q1" in table.stdout and "1 of 3 cases" in table.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cases", "gone"), "no run called 'gone'"),
        (("cases", "new", "--flag", "odd"), "--flag 'odd': expected one of failing"),
        (("cases", "new", "--status", "odd"), "--status 'odd'"),
        (("cases", "new", "--sort", "detail"), "--sort 'detail'"),
        (("cases", "new", "--low", "0.5"), "Name it with --measure"),
        (("cases", "new", "--against", "gone"), "no run called 'gone'"),
        (("label", "new", "q1", "maybe"), "expected one of right, wrong, unsure"),
        (("label", "new", "q9", "right"), "no case called 'q9'"),
        (("labels", "gone"), "no run called 'gone'"),
        (("save-cases", "new", "--flag", "slow", "--tag", "none", "--name", "x"), "nothing to save"),
        (("mark", "gone", "--pin"), "no run called 'gone'"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(run: Run, arguments: tuple[str, ...], words: str) -> None:
    error = run(*arguments).exception
    assert isinstance(error, PhasegateError) and error.exit_code == 2
    assert words in f"{error.message} {error.hint}"


def test_people_label_and_the_agreement_is_counted(run: Run) -> None:
    assert read(run("label", "new", "q1", "right", "--note", "as written", "--json"))["labels"][0]["author"] == "ann"
    run("label", "new", "q2", "wrong")
    run("label", "new", "q2", "right", "--as", "bob")
    said = read(run("labels", "new", "--json"))
    assert [(row["case_id"], row["author"], row["label"]) for row in said["labels"]] == [
        ("q1", "ann", "right"), ("q2", "ann", "wrong"), ("q2", "bob", "right"),
    ]  # fmt: skip
    assert said["agreement"]["disagreements"] == [
        {"case": "q2", "status": "failed", "labels": {"ann": "wrong", "bob": "right"}}
    ]
    assert "bob" in run("labels", "new").stdout
    assert "no label" in run("label", "new", "q1", "none").stdout


def test_a_selection_becomes_a_suite(run: Run, tmp_path: Path) -> None:
    with open_store() as store:
        store.execute("UPDATE runs SET provenance = ?", ({"corpus": "stories"},))
    saved = read(run("save-cases", "new", "--flag", "failing", "--name", "broken", "--json"))
    assert (saved["suite"], saved["cases"], saved["source"]) == ("broken", 1, "run")
    assert json.loads((Path(saved["folder"]) / "cases.jsonl").read_text())["id"] == "q2"


def test_marks_are_kept_and_shown(run: Run) -> None:
    run("mark", "new", "--pin", "--tag", "baseline", "--tag", "draft", "--note", "for the review")
    assert read(run("mark", "new", "--untag", "draft", "--json")) | {"updated_at": None} == {
        "run_id": "new", "pinned": True, "tags": ["baseline"], "note": "for the review", "updated_by": "ann", "updated_at": None,
    }  # fmt: skip
    assert "not pinned" in run("mark", "new", "--unpin", "--note", "").stdout
    listed = read(run("runs", "--json"))["runs"]
    assert {row["run_id"]: row["marks"]["tags"] for row in listed} == {"new": ["baseline"], "old": []}
