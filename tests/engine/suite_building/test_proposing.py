"""Proposals wait for a person; accepted ones are a new version of the suite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import FileFormatError, InputError
from engine.evaluation.suites import load_suite
from engine.store import Store
from engine.suite_building.accepting import import_file
from engine.suite_building.checking import check_suite, open_suite
from engine.suite_building.files import SuiteChangedError, save_text
from engine.suite_building.generation import generate_for_suite, propose_for
from engine.suite_building.listing import list_rows
from engine.suite_building.proposing import accept_proposals, edit_proposal, list_proposals, reject_proposals
from engine.suite_building.texts import read_text
from engine.suite_building.versions import list_versions
from tests.engine.suite_building.conftest import CASE, write_suite


def test_accepted_proposals_enter_the_suite_and_rejected_ones_never_come_back(store: Store, suite: Path) -> None:
    report = propose_for(store, open_suite(suite), 10, who="ann")
    waiting = list_proposals(store, suite)
    assert len(waiting) == report.kept > 2
    assert len(load_suite("depot").cases) == 1
    texts = open_suite(suite).texts
    assert (
        edit_proposal(store, waiting[0].proposal_id, {**waiting[0].case, "question": ""}, texts)[0].field == "question"
    )
    assert not edit_proposal(store, waiting[0].proposal_id, {**waiting[0].case, "question": "In better words?"}, texts)
    accept_proposals(store, suite, list_proposals(store, suite)[:1], expected=read_text(suite).hash, who="ann")
    reject_proposals(store, suite, list_proposals(store, suite), who="ann")
    assert load_suite("depot").cases[1].question == "In better words?"
    assert list_versions(store, suite)[0].note == "1 of the proposals accepted"
    before = {p.case["question"] for p in waiting[1:]}
    assert not before & {c["question"] for c in propose_for(store, open_suite(suite), 10, who="ann").cases}


def test_proposals_stay_open_when_the_suite_was_saved_meanwhile(store: Store, suite: Path) -> None:
    opened = open_suite(suite)
    propose_for(store, opened, 5, who="ann")
    save_text(
        store,
        suite,
        opened.text.with_case({**CASE, "id": "b", "question": "Who?"}),
        expected=opened.text.hash,
        who="bob",
        note="",
        action="x",
    )
    waiting = list_proposals(store, suite)
    with pytest.raises(SuiteChangedError):
        accept_proposals(store, suite, waiting, expected=opened.text.hash, who="ann")
    assert list_proposals(store, suite) == waiting


@pytest.mark.parametrize("count", [0, -1, 1001])
def test_a_count_out_of_range_is_refused(count: int, store: Store, suite: Path) -> None:
    with pytest.raises(InputError, match="expected 1 to 1,000"):
        generate_for_suite(store, "depot", count, who="ann")


def test_an_import_makes_a_suite_that_runs_by_name(store: Store, corpus: Path, tmp_path: Path) -> None:
    table = tmp_path / "qa.csv"
    table.write_text("question,answer,contexts\nHow many gates?,14,The Lindau depot has 14 gates.\n,lost,\n")
    with pytest.raises(InputError, match="There is no suite 'fresh' yet"):
        import_file(store, table, "fresh", who="ann")
    tried = import_file(store, table, "fresh", corpus=str(corpus), write=False, who="ann")
    assert (tried.hash, len(tried.result.cases)) == ("", 1)
    assert not tried.folder
    import_file(store, table, "fresh", corpus=str(corpus), who="ann")
    assert load_suite("fresh").cases[0].turns[0].answers == ("14",)
    with pytest.raises(InputError, match="the suite has it already"):
        import_file(store, table, "fresh", who="ann")
    with pytest.raises(FileFormatError, match="cannot be read"):
        import_file(store, tmp_path / "none.csv", "fresh", who="ann")


def test_a_check_lists_every_problem_with_its_line(home: Path, corpus: Path) -> None:
    bad = [
        CASE, "{broken", {"id": "x", "kind": "soup"}, {**CASE, "relevant": [{"document": "none.md"}]}, {"id": "y", "kind": "qa", "question": " "},
    ]  # fmt: skip
    folder = write_suite(home / "suites" / "bad", corpus, bad)
    checked = check_suite(folder)
    assert [(p.line, p.field) for p in checked.problems if not p.warning] == [
        (2, ""), (3, "kind"), (4, "id"), (4, "relevant.0.document"), (5, "question"),
    ]  # fmt: skip
    assert next(row for row in list_rows() if row["suite"] == "bad")["error"].startswith("5 problems; line 2")


def test_a_suite_that_load_suite_refuses_for_its_settings_is_broken(suite: Path) -> None:
    with (suite / "suite.yaml").open("a") as file:
        file.write("settings: {chunk_siez: 3}\n")
    assert "chunk_siez" in check_suite(suite).problems[0].text


def test_a_suite_without_cases_says_so(suite: Path) -> None:
    (suite / "cases.jsonl").write_text("")
    assert check_suite(suite).problems[0].text == "expected at least one case, found none"
    assert json.loads(json.dumps(check_suite(suite).coverage.as_json()))["touched"] == 0
