from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.errors import InputError, UnknownNameError
from engine.store import RunStore, Store
from engine.store.labels import LabelStore
from engine.store.run_marks import RunMark, RunMarkStore
from tests.engine.store.test_cases import case, create


@pytest.fixture
def filled(store: Store) -> Iterator[Store]:
    with RunStore(store) as runs:
        create(runs, "r1")
        for number in (1, 2):
            runs.record_case("r1", case(number), [])
        runs.flush()
        yield store


@pytest.fixture
def labels(filled: Store) -> LabelStore:
    return LabelStore(filled)


def said(labels: LabelStore) -> list[tuple[str, str, str, str]]:
    return [(row["case_id"], row["author"], row["label"], row["note"]) for row in labels.labels_of("r1")]


def test_people_label_side_by_side_and_each_may_change_his_own(labels: LabelStore) -> None:
    labels.save_label("r1", "q1", "ann", "right", "as in the policy")
    first = labels.labels_of("r1")[0]["labelled_at"]
    labels.save_label("r1", "q1", "bob", "wrong")
    labels.save_label("r1", "q1", "ann", "unsure")
    assert sorted(said(labels)) == [("q1", "ann", "unsure", "as in the policy"), ("q1", "bob", "wrong", "")]
    changed = {row["author"]: row["labelled_at"] for row in labels.labels_of("r1")}
    assert changed["ann"] >= changed["bob"] >= first


def test_an_empty_note_takes_the_earlier_one_away(labels: LabelStore) -> None:
    labels.save_label("r1", "q1", "ann", "right", "why")
    labels.save_label("r1", "q1", "ann", "right", "")
    assert said(labels) == [("q1", "ann", "right", "")]


def test_a_label_can_be_taken_back(labels: LabelStore) -> None:
    labels.save_labels("r1", ["q1", "q2"], "ann", "right")
    labels.remove_label("r1", "q1", "ann")
    labels.remove_label("r1", "q1", "nobody")
    assert said(labels) == [("q2", "ann", "right", "")]


@pytest.mark.parametrize(
    ("run", "case_id", "author", "label", "note", "error", "words"),
    [
        ("r1", "q1", "ann", "maybe", None, InputError, "expected one of right, wrong, unsure"),
        ("r1", "q1", "  ", "right", None, InputError, "author"),
        ("r1", "q1", "a" * 61, "right", None, InputError, "author"),
        ("r1", "q1", "ann", "right", "x" * 2001, InputError, "2001 characters"),
        ("r1", "q9", "ann", "right", None, UnknownNameError, "no case called 'q9'"),
        ("gone", "q1", "ann", "right", None, UnknownNameError, "no run called 'gone'"),
    ],
)
def test_what_cannot_be_a_label_is_refused_and_nothing_is_kept(
    labels: LabelStore, run: str, case_id: str, author: str, label: str, note: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        labels.save_label(run, case_id, author, label, note)
    assert said(labels) == []


def test_one_unknown_case_among_many_labels_none(labels: LabelStore) -> None:
    with pytest.raises(UnknownNameError):
        labels.save_labels("r1", ["q1", "q2", "nope"], "ann", "right")
    assert said(labels) == []


def test_a_deleted_run_takes_its_labels_and_marks_along(filled: Store, labels: LabelStore) -> None:
    labels.save_label("r1", "q1", "ann", "right")
    RunMarkStore(filled).save_mark("r1", "ann", pinned=True)
    with RunStore(filled) as runs:
        runs.delete_run("r1")
    assert filled.query("SELECT * FROM labels") == []
    assert filled.query("SELECT * FROM run_marks") == []


def test_marks_change_one_by_one(filled: Store) -> None:
    marks = RunMarkStore(filled)
    assert marks.load_mark("r1") == RunMark()
    marks.save_mark("r1", "ann", tags=[" release  3 ", "baseline", "baseline", ""])
    found = marks.save_mark("r1", "bob", pinned=True)
    assert (found.pinned, found.tags, found.note, found.updated_by) == (True, ("baseline", "release 3"), "", "bob")
    assert marks.save_mark("r1", "bob", note=" for the review ").note == "for the review"
    assert marks.list_tags() == ("baseline", "release 3")


def test_marks_of_a_run_that_is_gone_or_too_long_are_refused(filled: Store) -> None:
    marks = RunMarkStore(filled)
    with pytest.raises(UnknownNameError):
        marks.save_mark("gone", "ann", pinned=True)
    with pytest.raises(InputError, match="41 characters"):
        marks.save_mark("r1", "ann", tags=["t" * 41])
    with pytest.raises(InputError, match="13 tags"):
        marks.save_mark("r1", "ann", tags=[str(n) for n in range(13)])
    with pytest.raises(InputError, match="note of a run"):
        marks.save_mark("r1", "ann", note="x" * 2001)
    assert marks.load_mark("r1") == RunMark()


def test_pinned_runs_stand_on_top_and_a_tag_filters_the_list(filled: Store) -> None:
    with RunStore(filled) as runs:
        create(runs, "r2", 1)
        create(runs, "r3", 2)
        marks = RunMarkStore(filled)
        marks.save_mark("r1", "ann", pinned=True, tags=["baseline"])
        marks.save_mark("r2", "ann", tags=["baseline"])
        assert [row["run_id"] for row in runs.list_runs(pinned_first=True)] == ["r1", "r3", "r2"]
        assert [row["run_id"] for row in runs.list_runs()] == ["r3", "r2", "r1"]
        assert [row["run_id"] for row in runs.list_runs(mark="baseline")] == ["r2", "r1"]
        assert runs.count_runs(mark="baseline") == 2
        assert runs.list_runs(mark="baseline")[1]["marks"] == {"pinned": True, "tags": ["baseline"], "note": ""}
