from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import UnknownNameError
from engine.store import RunStore, Store, open_store
from engine.store.labels import LabelStore
from engine.views.case import load_case
from engine.views.case_filter import CaseFilter, read_filter
from engine.views.case_table import build_case_csv, list_chosen, load_cases
from engine.views.differences import find_differences
from engine.views.labels import load_label_summary
from tests.engine.store.test_cases import case, create, record, score


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened, RunStore(opened) as runs:
        create(runs, "old", 0)
        create(runs, "new", 5)
        record(opened, runs, "old", [case(n) for n in range(60)], {})
        cases = [case(n, "failed" if n % 3 == 0 else "passed", question=f"=Question {n}") for n in range(60)]
        record(opened, runs, "new", cases, {"q7": [score("recall@5", 0.5)]})
        yield opened


def test_an_address_and_its_filter_are_each_others_image() -> None:
    chosen = CaseFilter(
        states=("failed", "error"), flags=("slow", "unlabelled"), tag="policy", kind="qa", text="a, b & c", against="r0",
        measure="recall@5", low=0.25, high=0.5, sort="-measure", page=3,
    )  # fmt: skip
    assert read_filter(chosen.address) == chosen
    assert CaseFilter().address == {}


def test_an_address_that_nobody_could_have_chosen_still_opens() -> None:
    odd = {
        "flags": "slow,nope",
        "states": "Failed",
        "sort": "detail",
        "page": "-4",
        "low": "x",
        "high": "0.5",
        "find": "  ",
    }
    assert read_filter(odd) == CaseFilter(flags=("slow",))
    assert read_filter({"sort": "-measure"}).sort == "severity"  # no measure to order by
    assert read_filter({"page": "nan"}).page == read_filter({"page": "1e300"}).page == 1


def test_a_page_beyond_the_last_is_the_last(store: Store) -> None:
    table = load_cases(store, "new", CaseFilter(page=99))
    assert (table.page, table.pages, len(table.rows), table.total) == (3, 3, 10, 60)
    assert table.caption.startswith("51 to 60 of 60 cases.")


def test_the_chips_count_and_flipped_needs_another_run(store: Store) -> None:
    table = load_cases(store, "new", CaseFilter(flags=("failing",)))
    assert (table.chips["failing"], table.chips["flipped"]) == ("Failing 20", "Flipped 20")
    assert (table.against, table.scope) == ("old", "20 cases (failing)")
    assert "flipped" not in load_cases(store, "old", CaseFilter()).chips


def test_a_run_to_compare_with_that_is_gone_gives_way_to_the_one_before(store: Store) -> None:
    assert load_cases(store, "new", CaseFilter(against="deleted")).against == "old"


def test_the_download_has_every_row_of_the_filter_with_the_columns_that_are_shown(store: Store) -> None:
    chosen = CaseFilter(flags=("flipped",), measure="recall@5", sort="-position", page=2)
    lines = build_case_csv(store, "new", chosen).splitlines()
    shown = load_cases(store, "new", chosen)
    assert lines[0].split(",") == list(
        load_cases(store, "new", CaseFilter(flags=("flipped",), measure="recall@5")).rows[0]
    )
    assert [line.split(",")[1] for line in lines[1:]] == list_chosen(store, "new", chosen)
    assert len(lines) == 1 + shown.total == 21
    assert ",'=Question 57," in lines[1]  # a spreadsheet must not run it


def test_an_empty_run_has_an_empty_table_and_a_deleted_one_says_so(store: Store) -> None:
    with RunStore(store) as runs:
        create(runs, "fresh", 9, finished=False)
        table = load_cases(store, "fresh", CaseFilter())
        assert (table.ended, table.rows, table.pages) == (0, (), 1)
        runs.delete_run("new")
    with pytest.raises(UnknownNameError, match="no run called 'new'"):
        load_cases(store, "new", CaseFilter())
    with pytest.raises(UnknownNameError, match="no run called 'new'"):
        load_case(store, "new", "q1")
    with pytest.raises(UnknownNameError, match="no case called 'q99'"):
        load_case(store, "old", "q99")


def test_a_case_knows_its_place_in_the_list_that_it_was_opened_from(store: Store) -> None:
    chosen = CaseFilter(flags=("failing", "unlabelled"), sort="position")
    view = load_case(store, "new", "q3", chosen)
    assert (view.place.words, view.place.previous, view.place.next) == ("2 of 20 failing and unlabelled", "q0", "q6")
    LabelStore(store).save_label("new", "q3", "ann", "wrong", "not in the policy")
    view = load_case(store, "new", "q3", chosen)
    assert (view.place.words, view.place.next) == ("no longer among the 19 failing and unlabelled", "q6")
    assert [(line.author, line.label, line.note) for line in view.labels] == [("ann", "wrong", "not in the policy")]


def test_a_flipped_case_shows_both_answers_and_what_differs(store: Store) -> None:
    store.execute("UPDATE cases SET answer = 'Paid within 60 days.' WHERE run_id = 'new' AND case_id = 'q3'")
    store.execute("UPDATE cases SET answer = 'Paid within 42 days.' WHERE run_id = 'old' AND case_id = 'q3'")
    earlier = load_case(store, "new", "q3").earlier
    assert earlier is not None and earlier.flipped and not earlier.same_answer
    assert (earlier.here.status, earlier.there.status) == ("failed", "passed")
    assert [(d.text, d.side) for d in earlier.differences] == [
        ("Paid within", "both"), ("42", "reference"), ("60", "answer"), ("days.", "both"),
    ]  # fmt: skip
    same = load_case(store, "new", "q1").earlier
    assert same is not None and not same.flipped and same.same_answer


def test_differences_are_left_out_between_texts_that_are_unlike() -> None:
    assert find_differences("Nothing of the kind", ("six weeks after purchase",)) == ()
    assert find_differences("Anything", ()) == ()


def test_a_score_says_its_judge_its_prompt_and_its_repetitions(store: Store) -> None:
    row = {"run_id": "new", "case_id": "q1", "measure": "ragas.faithfulness", "status": "scored", "value": 0.75,
           "reason": None, "judge": "strict", "prompt_hash": "3f9a1c02d4", "repeats": [0.5, 1.0]}  # fmt: skip
    store.insert("scores", [row])
    scores = {s.measure: s for s in load_case(store, "new", "q1").scores}
    assert scores["ragas.faithfulness"].judge == "strict, prompt 3f9a1c02, 2 times: 0.500, 1.000"


def test_the_summary_of_labels_says_how_far_to_trust_the_verdict(store: Store) -> None:
    labels = LabelStore(store)
    assert load_label_summary(store, "new").labels == ()
    labels.save_labels("new", ["q0", "q3"], "ann", "wrong")
    labels.save_labels("new", ["q1", "q2"], "ann", "right")
    labels.save_label("new", "q6", "ann", "right")
    labels.save_label("new", "q9", "ann", "unsure")
    summary = load_label_summary(store, "new")
    assert summary.headline.startswith("The automatic verdict agrees with people on 4 of 5 cases: 80.0 %")
    assert "Cohen's kappa 0.62" in summary.headline
    assert any("5 decided cases" in note for note in summary.notes)
    assert summary.disagreeing_ids == ("q6",)
