"""What the suite editor shows: rows, the document's marks, and whether a suite still is what a run asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.evaluation.suites import hash_suite_files, load_suite
from engine.roadmap.evidence import EvidenceReader
from engine.runs import RunRequest, run_request
from engine.store import RunStore, Store, open_store
from engine.suite_building.files import open_text, save_text
from engine.views.suite_changes import find_suite_change
from engine.views.suite_editor import filter_rows, load_editor, slice_document, suggest_document, view_document

TEXT = "# Rules \U0001f510\n\nThe depot opens at seven.\nIt closes at noon.\n"
CASES = [
    {"id": "a", "kind": "qa", "question": "When does it open?", "answers": ["seven"], "tags": ["t"],
     "relevant": [{"document": "rules.md", "start": 11, "end": 36}]},
    {"id": "b", "kind": "qa", "question": "When does it close?", "answers": ["noon"], "relevant": [{"document": "rules.md", "start": 37, "end": 99}]},
]  # fmt: skip


@pytest.fixture
def store(home: Path) -> object:
    folder = home / "suites" / "rules"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "rules.md").write_text(TEXT, encoding="utf-8")
    (folder / "docs" / "other.md").write_text("Nothing is asked of this one.", encoding="utf-8")
    (folder / "suite.yaml").write_text(
        "name: rules\ntitle: Rules\nlicence: CC0-1.0\ncorpus: docs\nmeasures: [correct]\n"
    )
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES))
    with open_store() as opened:
        yield opened


def test_rows_say_what_is_to_mend_and_can_be_filtered(store: Store) -> None:
    editor = load_editor(store, "rules")
    assert [row.trouble for row in editor.rows] == [
        "",
        "relevant.0.end: end 99 lies beyond 'rules.md', which has 56 characters",
    ]
    assert [row.id for row in filter_rows(editor.rows, "CLOSE when", None, False)] == ["b"]
    assert [row.id for row in filter_rows(editor.rows, "", "t", False)] == ["a"]
    assert [row.id for row in filter_rows(editor.rows, "", None, True)] == ["b"]


def test_a_document_is_marked_with_the_case_s_spans_and_the_others(store: Store) -> None:
    editor = load_editor(store, "rules")
    view = view_document(editor, "rules.md", editor.cases["a"], 0, "a")
    assert "".join(piece.text for piece in view.pieces) == TEXT
    assert [(p.text, p.marks) for p in view.pieces if p.marks] == [
        ("The depot opens at seven.", ("gold",)),
        ("It closes at noon.\n", ("other",)),
    ]
    assert slice_document(editor.suite.texts, "rules.md", 11, 40) == "The depot opens at seven. It"
    assert suggest_document(editor, {"kind": "qa", "question": ""}, 0) == "other.md"
    assert suggest_document(editor, editor.cases["a"], 0) == "rules.md"


def test_a_run_keeps_what_it_asked_when_its_suite_is_edited_and_the_screen_says_so(store: Store) -> None:
    folder = load_suite("rules").path
    mended = {**CASES[1], "relevant": [{"document": "rules.md", "start": 37, "end": 56}]}
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in (CASES[0], mended)))
    text = open_text(store, folder, "ann")

    def edit(done: int, total: int, message: str) -> None:
        if done == 1 and hash_suite_files(folder) == text.hash:
            changed = text.without_case("b").with_case({"id": "c", "kind": "qa", "question": "New?", "answers": ["x"]})
            save_text(store, folder, changed, expected=text.hash, who="ann", note="n", action="x")

    summary = run_request(store, RunRequest(suite="rules", overrides={}), edit)
    run = RunStore(store).load_run(summary["run_id"])
    assert hash_suite_files(folder) != text.hash
    assert (summary["cases"], run["status"]) == (2, "finished")
    asked = store.query("SELECT case_id FROM cases WHERE run_id = ? ORDER BY position", (summary["run_id"],))
    assert [row["case_id"] for row in asked] == ["a", "b"]
    change = find_suite_change(run)
    assert change is not None
    assert change.difference is not None
    assert (change.difference.added, change.difference.removed) == (("c",), ("b",))
    assert "1 added (c), 1 removed (b)" in change.words
    assert EvidenceReader(store)._find_run("rules") is None


def test_an_unchanged_suite_is_not_spoken_of_and_a_vanished_one_is(store: Store) -> None:
    folder = load_suite("rules").path
    run = {"suite_path": str(folder), "provenance": {"cases_hash": hash_suite_files(folder)}}
    assert find_suite_change(run) is None
    assert find_suite_change({"suite_path": str(folder), "provenance": {}}) is None
    (folder / "cases.jsonl").unlink()
    gone = find_suite_change(run)
    assert gone is not None
    assert gone.gone
    assert "no longer in" in gone.words
