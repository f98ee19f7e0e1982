"""The Compare screen's view-model: what is offered, found, paged and kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import Store, open_store
from engine.views.compare import load_choices, load_comparison, load_flips, read_run_ids, render_download
from tests.engine.evaluation.comparing.seeded import add_run


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        values = {"recall": [0.2, 0.4] * 30}
        add_run(opened, "a", [True] * 50 + [False] * 10, values, latency=range(1, 61))
        add_run(opened, "b", [False] * 25 + [True] * 35, values, latency=range(2, 62), settings={"top_k": 3}, minute=1)
        add_run(opened, "c", [True] * 50 + [False] * 10, values, minute=2, suite="other")
        yield opened


def test_links_name_runs_in_both_ways() -> None:
    assert read_run_ids(["a", "b"], "") == ("a", "b")
    assert read_run_ids([], "a, b,,a") == ("a", "b")
    assert len(read_run_ids(list("abcdefg"), "")) == 5


def test_two_runs_of_one_suite_are_suggested_older_first(store: Store) -> None:
    choices = load_choices(store)
    assert choices.suggested == ("a", "b")
    assert list(choices.offered) == ["c", "b", "a"]


def test_the_view_says_the_finding_and_what_changed(store: Store) -> None:
    view = load_comparison(store, ["a", "b"])
    assert view.tone == "error"
    assert "fewer right" in view.sentence
    assert [(row["name"], row["A"], row["B"]) for row in view.changed] == [("top_k", "20", "3")]
    assert len(view.setup) > len(view.changed)
    assert view.measures[0]["measure"] == "Success rate"
    assert view.measures[0]["finding"] == "▼ worse"
    success = view.forests[0].rows[0]
    assert success.low < success.place < success.high < 0  # type: ignore[operator]
    latency = next(group for group in view.forests if group.key == "ms")
    assert latency.rows[0].place < 0, "slower is drawn on the worse side"


def test_flips_are_paged_with_the_lost_ones_countable(store: Store) -> None:
    view = load_comparison(store, ["a", "b"])
    assert view.flips == {"worse": 25, "better": 10}
    last = load_flips(store, view, "worse", 9)
    assert (last.page, last.pages, len(last.flips)) == (3, 3, 5)
    assert last.caption == "Cases 21 to 25 of 25."
    assert (last.flips[0].state_a, last.flips[0].state_b) == ("passed", "failed")


def test_a_changed_score_is_seen_although_comparisons_are_kept(store: Store) -> None:
    first = load_comparison(store, ["a", "b"])
    assert load_comparison(store, ["a", "b"]).comparison is first.comparison
    again = {"run_id": "b", "case_id": "case-0", "measure": "recall", "status": "scored", "value": 1.0}
    store.insert("scores", [again])  # as a re-scoring does
    assert load_comparison(store, ["a", "b"]).comparison is not first.comparison


def test_downloads_hold_the_same_figures(store: Store) -> None:
    view = load_comparison(store, ["a", "b"])
    assert b"success_rate" in render_download(store, view, "csv")
    assert view.sentence.split(" (")[0].encode() in render_download(store, view, "md")
