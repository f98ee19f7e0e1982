"""The Compare screen in each of its states, and the sample-size question on a suite's screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import open_store
from tests.engine.evaluation.comparing.seeded import add_run
from tests.pages.conftest import open_page, words_of


@pytest.fixture
def compared_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with three runs of one suite, one of another without a common case, and one that still runs."""
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    values = {"recall": [0.2, 0.4] * 30}
    with open_store() as store:
        add_run(store, "base", [True] * 50 + [False] * 10, values, latency=range(1, 61))
        add_run(
            store, "lost", [False] * 25 + [True] * 35, values, latency=range(2, 62), settings={"top_k": 3}, minute=1
        )
        add_run(store, "again", [True] * 50 + [False] * 10, values, latency=range(1, 61), minute=2)
        add_run(store, "apart", [True] * 4, prefix="else", suite="other", minute=3)
        add_run(store, "going", [True] * 4, minute=4)
        store.execute("UPDATE runs SET status = 'running', heartbeat_at = now()::TIMESTAMP WHERE run_id = 'going'")
    yield tmp_path


def words(*, page: str = "compare", **query: str) -> str:
    app = open_page(page, **query)
    assert not app.exception
    return words_of(app).replace("\\", "")


def test_without_runs_the_way_to_a_suite_is_shown(empty_home: Path) -> None:
    assert "Two finished runs are needed" in words()


def test_one_run_is_too_few(empty_home: Path) -> None:
    with open_store() as store:
        add_run(store, "base", [True] * 5)
    assert "There is 1 so far" in words()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"runs": "base,lost"}, "points fewer right than A"),
        ({"runs": "base,lost"}, "1 measure worse, 0 better"),
        ({"runs": "base,lost", "show": "Flipped cases"}, "Cases 1 to 10 of 25."),
        ({"runs": "base,lost", "show": "Latency"}, "Median"),
        ({"runs": "base,lost", "show": "What it can show"}, "in four comparisons of five"),
        ({"runs": "base,lost,again", "against": "C"}, "No difference of C from A beyond chance"),
        ({"runs": "base,again"}, "B repeats A"),
        ({"runs": "base,apart"}, "share no case id"),
        ({"runs": "base,going"}, "still running"),
        ({"runs": "base,nope"}, "There is no run called"),
        ({"runs": "base"}, "Choose two to five runs"),
        ({}, "compare"),
    ],
)
def test_each_state_says_what_it_is(query: dict[str, str], expected: str, compared_home: Path) -> None:
    assert expected.lower() in words(**query).lower()


def test_a_link_with_single_runs_names_the_baseline_first(compared_home: Path) -> None:
    app = open_page("compare", run=["lost", "base"])  # type: ignore[arg-type]
    assert not app.exception
    assert "points more right than A" in words_of(app)


def test_the_suite_screen_answers_how_many_cases(empty_home: Path) -> None:
    shown = words(page="suites", suite="customer-service")
    assert "To show 90 % ± 3 takes 388 cases" in shown
