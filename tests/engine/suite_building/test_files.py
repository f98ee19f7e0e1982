"""Saving suites: nothing of anybody's is lost, and nothing half-written is left."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from engine.errors import FileFormatError, InputError, UnknownNameError
from engine.evaluation.suites import hash_suite_files, list_suites, load_suite
from engine.settings import DATASETS
from engine.store import Store
from engine.store.audit_trail import AuditTrail
from engine.suite_building.files import SuiteChangedError, copy_suite, create_suite, open_text, save_text
from engine.suite_building.texts import check_case, read_text
from engine.suite_building.versions import list_versions, load_version, restore_version
from tests.engine.suite_building.conftest import CASE, write_suite

SECOND = {"id": "gates", "kind": "qa", "question": "How many gates are there?", "answers": ["14"]}


def save(store: Store, folder: Path, text: object, expected: str, who: str = "ann") -> str:
    return save_text(store, folder, text, expected=expected, who=who, note="a change", action="case changed")  # type: ignore[arg-type]


def test_a_save_changes_one_line_and_leaves_the_others_to_the_byte(store: Store, suite: Path) -> None:
    odd = '{"kind": "qa",  "id": "odd", "question": "Wide   spaces?", "answers": ["x"]}'
    with (suite / "cases.jsonl").open("a") as file:
        file.write(f"\n{odd}")
    before = hash_suite_files(suite)
    text = open_text(store, suite, "ann")
    assert text.hash == before
    save(store, suite, text.with_case({**CASE, "tags": ["new"]}, "seal"), before)
    lines = (suite / "cases.jsonl").read_text().split("\n")
    assert lines[1:] == ["", odd]
    assert load_suite("depot").cases[0].tags == ("new",)


def test_the_second_of_two_who_save_is_told_what_changed_and_nothing_is_overwritten(store: Store, suite: Path) -> None:
    ann, bob = open_text(store, suite, "ann"), open_text(store, suite, "bob")
    save(store, suite, ann.with_case(SECOND), ann.hash)
    with pytest.raises(SuiteChangedError, match=r"1 added \(gates\)") as caught:
        save(store, suite, bob.without_case("seal"), bob.hash, "bob")
    assert caught.value.difference.added == ("gates",)
    assert [case.id for case in load_suite("depot").cases] == ["seal", "gates"]


def test_of_many_who_save_at_once_one_wins_and_the_others_are_told(store: Store, suite: Path) -> None:
    base, told, saved = open_text(store, suite, "ann"), [], []

    def write(number: int) -> None:
        try:
            saved.append(save(store, suite, base.with_case({**SECOND, "id": f"c{number}"}), base.hash))
        except SuiteChangedError as error:
            told.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(saved), len(told)) == (1, 5)
    assert len(load_suite("depot").cases) == 2


def test_a_text_that_is_no_suite_is_refused_with_its_line_and_the_files_stay(store: Store, suite: Path) -> None:
    text = open_text(store, suite, "ann")
    with pytest.raises(FileFormatError, match=r"line 2, field 'question'"):
        save(store, suite, text.with_case({"id": "x", "kind": "qa"}), text.hash)
    with pytest.raises(FileFormatError, match="duplicate id 'seal'"):
        save(store, suite, text.with_case(CASE), text.hash)
    assert read_text(suite) == text


def test_a_folder_that_cannot_be_written_keeps_the_suite_whole(
    store: Store, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = open_text(store, suite, "ann")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Exception, match="No space left for the suite"):
        save(store, suite, text.with_case(SECOND), text.hash)
    assert read_text(suite) == text
    assert not list(suite.glob(".*.part"))


def test_every_version_is_listed_with_what_changed_and_can_be_taken_back(store: Store, suite: Path) -> None:
    first = open_text(store, suite, "ann")
    second = save(store, suite, first.with_case(SECOND), first.hash)
    third = save(store, suite, read_text(suite).without_case("seal"), second, "bob")
    versions = list_versions(store, suite)
    assert [v.difference.words if v.difference else None for v in versions] == [
        "1 removed (seal)",
        "1 added (gates)",
        None,
    ]
    assert [v.current for v in versions] == [True, False, False]
    restored = restore_version(store, suite, first.hash[:10], expected=third, who="eve")
    assert restored == first.hash == hash_suite_files(suite)
    assert list_versions(store, suite)[0].saved_by == "eve"
    assert [e["who"] for e in AuditTrail(store).list_entries(str(suite))] == ["eve", "bob", "ann"]


def test_an_unknown_version_is_refused_with_the_known_ones(store: Store, suite: Path) -> None:
    text = open_text(store, suite, "ann")
    for wanted in ("", "zzzz", text.hash[:2]):
        with pytest.raises(UnknownNameError, match=text.hash[:12]):
            load_version(store, suite, wanted)


def test_a_shipped_suite_is_copied_not_edited(store: Store) -> None:
    shipped = DATASETS / "suites" / "stories"
    before = hash_suite_files(shipped)
    with pytest.raises(InputError, match="came with Phasegate"):
        save(store, shipped, read_text(shipped), before)
    folder = copy_suite(store, "stories", "tales", "ann")
    assert "tales" in list_suites()
    assert len(load_suite("tales").cases) == len(load_suite("stories").cases)
    assert load_suite("tales").path == folder
    assert hash_suite_files(shipped) == before


@pytest.mark.parametrize("name", ["stories", "Stories", "", "../x", "a/b", ".hidden", "depot"])
def test_a_name_that_is_taken_or_none_is_refused(name: str, store: Store, suite: Path) -> None:
    with pytest.raises(InputError):
        create_suite(store, name, title="T", corpus="stories", licence="CC0", who="ann")
    assert sorted(p.name for p in suite.parent.iterdir() if not p.name.startswith(".")) == ["depot"]


def test_a_new_suite_on_a_corpus_that_is_not_there_is_refused(store: Store, home: Path) -> None:
    with pytest.raises(FileFormatError, match="corpus"):
        create_suite(store, "fresh", title="T", corpus="/no/such/folder", licence="CC0", who="ann")
    assert not (home / "suites" / "fresh").exists()


def test_a_home_suite_cannot_shadow_a_shipped_one(home: Path, corpus: Path) -> None:
    folder = write_suite(home / "suites" / "stories", corpus, [CASE])
    assert load_suite("stories").path == DATASETS / "suites" / "stories"
    with pytest.raises(FileFormatError, match="that of the shipped suite 'stories'"):
        load_suite(folder)


def test_a_home_suite_bears_the_name_of_its_folder(home: Path, corpus: Path) -> None:
    write_suite(home / "suites" / "mine", corpus, [CASE], name="other")
    with pytest.raises(FileFormatError, match="expected 'mine', the name of its folder"):
        load_suite("mine")


def test_problems_of_a_case_name_their_fields() -> None:
    documents = {"a.md": "short"}
    case = {**CASE, "relevant": [{"document": "a.md", "start": 1, "end": 99}, {"document": "b.md"}]}
    assert [p.field for p in check_case(case, documents)] == ["relevant.0.end", "relevant.1.document"]
    turns = [{"question": "One?", "answers": ["1"]}, {"question": " "}]
    assert [p.field for p in check_case({"id": "c", "kind": "conversation", "turns": turns})] == ["turns.1.question"]
    assert [p.field for p in check_case({**CASE, "id": "x"}, taken=["x"])] == ["id"]
