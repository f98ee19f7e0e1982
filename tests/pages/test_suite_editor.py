"""The suite editor: every state of its screen, and what a person does on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.evaluation.suites import load_suite
from tests.pages.conftest import open_page, words_of

CASE = {
    "id": "open", "kind": "qa", "question": "When does the depot open?", "answers": ["seven"], "tags": ["times"],
    "relevant": [{"document": "opening.txt", "start": 0, "end": 47}],
}  # fmt: skip
TALK = {
    "id": "talk",
    "kind": "conversation",
    "turns": [{"question": "One?", "answers": ["1"]}, {"question": "Two?", "answers": ["2"]}],
}
TEXT = "The depot in Lindau opens at seven in the morning.\nThe yard has 14 gates. The refund fee is S$12.\n"


@pytest.fixture
def suite(empty_home: Path) -> Path:
    """A suite of the home folder called ``depot``."""
    (empty_home / "docs").mkdir()
    (empty_home / "docs" / "opening.txt").write_text(TEXT, encoding="utf-8")
    folder = empty_home / "suites" / "depot"
    folder.mkdir(parents=True)
    header = f"name: depot\ntitle: A depot\nlicence: CC0-1.0\ncorpus: {empty_home / 'docs'}\n"
    (folder / "suite.yaml").write_text(header, encoding="utf-8")
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in (CASE, TALK)), encoding="utf-8")
    return folder


def press(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.button if b.label.startswith(label)).click().run()


def field(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(f for f in [*app.text_area, *app.text_input] if f.label == label)


def test_a_changed_case_is_saved_as_a_new_version(suite: Path) -> None:
    app = open_page("suite_editor", suite="depot", case="open")
    assert "opening.txt, 0–47" in words_of(app).replace("\\", "")
    field(app, "Question").set_value("At what time does it open?").run()
    field(app, "Answers, one a line").set_value("seven\nat seven\n\n").run()
    press(app, "Save")
    assert not app.exception
    turn = load_suite("depot").cases[0].turns[0]
    assert (turn.question, turn.answers) == ("At what time does it open?", ("seven", "at seven"))
    app = open_page("suite_editor", suite="depot", show="Versions")
    assert "case open changed" in words_of(app)
    press(app, "Take back")
    assert load_suite("depot").cases[0].turns[0].question == CASE["question"]


def test_a_problem_is_shown_at_its_field_and_nothing_is_saved(suite: Path) -> None:
    before = (suite / "cases.jsonl").read_bytes()
    app = open_page("suite_editor", suite="depot", case="open")
    field(app, "Question").set_value(" ").run()
    field(app, "Id").set_value("talk").run()
    assert "another case has the id" in words_of(app)
    press(app, "Save")
    assert "Not saved" in words_of(app)
    assert (suite / "cases.jsonl").read_bytes() == before


def test_an_edit_by_somebody_else_is_told_and_the_form_keeps_what_was_typed(suite: Path) -> None:
    app = open_page("suite_editor", suite="depot", case="open")
    field(app, "Question").set_value("Mine?").run()
    with (suite / "cases.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({**CASE, "id": "theirs"}) + "\n")
    press(app, "Save")
    assert "1 added (theirs)" in words_of(app).replace("\\", "")
    assert field(app, "Question").value == "Mine?"
    press(app, "Save")
    assert [case.id for case in load_suite("depot").cases] == ["open", "talk", "theirs"]
    assert load_suite("depot").cases[0].turns[0].question == "Mine?"


def test_a_turn_of_a_conversation_is_edited_and_another_added(suite: Path) -> None:
    app = open_page("suite_editor", suite="depot", case="talk")
    field(app, "Question").set_value("First?").run()
    press(app, "Add a turn")
    assert "Also look at turn 3." in words_of(app).replace("\\", "")
    app.button_group[-1].set_value(2).run()
    field(app, "Question").set_value("Third?").run()
    field(app, "Answers, one a line").set_value("3").run()
    press(app, "Save")
    assert not app.exception
    assert [turn.question for turn in load_suite("depot").cases[1].turns] == ["First?", "Two?", "Third?"]


def test_a_case_can_be_made_unanswerable_written_anew_duplicated_and_deleted(suite: Path) -> None:
    app = open_page("suite_editor", suite="depot", case="new")
    field(app, "Id").set_value("moon").run()
    field(app, "Question").set_value("Who lives on the moon?").run()
    app.toggle[0].set_value(True).run()
    press(app, "Save")
    assert load_suite("depot").cases[2].turns[0].unanswerable
    app = open_page("suite_editor", suite="depot", case="moon")
    press(app, "Duplicate")
    assert field(app, "Id").value == "moon-copy"
    app = open_page("suite_editor", suite="depot", case="moon")
    press(app, "Delete")
    next(b for b in reversed(app.button) if b.label == "Delete").click().run()
    assert not app.exception


def test_a_shipped_suite_is_read_only_until_it_is_copied(empty_home: Path) -> None:
    app = open_page("suite_editor", suite="stories", case="salt-01")
    assert next(b for b in app.button if b.label == "Save").disabled
    field(app, "Name of the copy").set_value("stories").run()
    press(app, "Make a copy to edit")
    assert "belongs to the shipped suite" in words_of(app).replace("\\", "")
    field(app, "Name of the copy").set_value("tales").run()
    press(app, "Make a copy to edit")
    assert load_suite("tales").path == (empty_home / "suites" / "tales").resolve()


def test_proposals_are_accepted_and_rejected_on_the_screen(suite: Path) -> None:
    app = open_page("suite_editor", suite="depot", show="Generate")
    press(app, "Propose")
    assert "Proposal 1 of" in words_of(open_page("suite_editor", suite="depot", show="Generate"))
    press(app, "Accept")
    assert len(load_suite("depot").cases) == 3
    press(app, "Reject all")
    assert "Nothing waits" in words_of(app)
    assert not app.exception


def test_a_case_that_is_gone_and_a_suite_without_cases_say_so(suite: Path) -> None:
    assert "This case is not in the suite" in words_of(open_page("suite_editor", suite="depot", case="gone"))
    (suite / "cases.jsonl").write_text("")
    app = open_page("suite_editor", suite="depot")
    assert "No cases yet" in words_of(app)
    assert not app.exception


def test_a_file_is_previewed_by_line_and_added_when_accepted(suite: Path) -> None:
    app = open_page("suite_editor", suite="depot", show="Import")
    app.file_uploader[0].upload(
        "qa.csv", b"question,answer,contexts\nHow many gates?,14,The yard has 14 gates.\n,x,\n", "text/csv"
    ).run()
    assert not app.exception
    assert [m.value for m in app.metric][:3] == ["2", "1", "1"]
    assert len(load_suite("depot").cases) == 2
    press(app, "Add 1 case")
    assert load_suite("depot").cases[2].turns[0].relevant[0].start == TEXT.index("The yard")
    assert "1 case added" in "\n".join(s.value for s in app.success)


def test_a_file_without_a_question_column_asks_which_one_it_is(suite: Path) -> None:
    app = open_page("suite_editor", suite="depot", show="Import")
    app.file_uploader[0].upload("qa.csv", b"Frage,Antwort\nWie viele?,14\n", "text/csv").run()
    assert "found the columns Frage, Antwort" in words_of(app).replace("\\", "")
    next(s for s in app.selectbox if s.label.startswith("Which column")).set_value("Frage").run()
    assert not app.exception
    assert [m.value for m in app.metric][:2] == ["1", "1"]


def test_a_new_suite_needs_a_corpus_and_then_opens_for_import(empty_home: Path) -> None:
    app = open_page("suite_editor")
    field(app, "Name").set_value("billing")
    press(app, "Make it")
    assert app.error
    assert not (empty_home / "suites" / "billing").exists()
    field(app, "Name").set_value("billing")
    app.selectbox[0].set_value("stories")
    press(app, "Make it")
    assert not app.exception
    assert (empty_home / "suites" / "billing" / "suite.yaml").is_file()
