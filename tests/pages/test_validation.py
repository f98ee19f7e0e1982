"""The Validation screen: nothing yet, one at work, one that was stopped, one that ended, one that never began."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import Store, open_store
from engine.store.validations import ValidationStore
from engine.validation.parts import PartState
from engine.validation.registry import PARTS
from tests.pages.conftest import open_page, words_of


@pytest.fixture
def store(empty_home: Path) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


def begin(store: Store, name: str = "validation-a") -> list[PartState]:
    states = [PartState(name=part.name, title=part.title) for part in PARTS.values()]
    ValidationStore(store).create_validation(name, "narrative-agent", 1, [s.as_json() for s in states])
    return states


def keep(store: Store, states: list[PartState]) -> None:
    ValidationStore(store).save_parts("validation-a", [s.as_json() for s in states])


def said(app: object) -> str:
    return words_of(app).replace("\\", "")  # type: ignore[arg-type]


def test_without_any_the_screen_offers_to_start_one(empty_home: Path) -> None:
    app = open_page("validation")
    assert not app.exception and "No phase has been validated yet" in said(app)
    assert [button.label for button in app.button if button.label == "Validate"]
    assert "Not needed here" in said(app), "a part that the phase does not need says so"


def test_one_at_work_shows_each_part_and_how_far_it_is(store: Store) -> None:
    states = begin(store)
    states[0].status, states[0].verdict, states[0].reason = "finished", "pass", "7 passed"
    states[1].status, states[1].done, states[1].total, states[1].message = "running", 3, 10, "stories: case 3"
    keep(store, states)
    app = open_page("validation", validation="validation-a")
    assert not app.exception
    assert "1 of 8 parts" in said(app) and "7 passed" in said(app) and "Waiting" in said(app)
    assert "Stop" in [button.label for button in app.button]


def test_one_that_was_killed_can_go_on(store: Store) -> None:
    states = begin(store)
    states[1].status = "running"
    keep(store, states)
    store.execute("UPDATE validations SET pid = 0")
    app = open_page("validation", validation="validation-a")
    assert not app.exception and "What was finished is kept" in said(app)
    assert "Go on" in [button.label for button in app.button] and "Interrupted" in said(app)


def test_one_that_ended_shows_verdict_checks_runs_and_report(store: Store, empty_home: Path) -> None:
    states = begin(store)
    for state in states:
        state.status, state.verdict, state.reason = "finished", "pass", "fine"
        state.note("pass", f"{state.name} was checked")
    states[1].verdict, states[1].runs = "fail", ["run-1"]
    states[4].required, states[4].reason = False, "not needed: nothing under load"
    keep(store, states)
    report = empty_home / "report.md"
    report.write_text("# Report")
    ValidationStore(store).finish_validation(
        "validation-a", "finished", verdict="fail", report={"files": [str(report), "/nowhere/gone.pdf"]}
    )
    app = open_page("validation", validation="validation-a")
    assert not app.exception
    text = said(app)
    assert "has failed" in text and "real-world was checked" in text and "not needed: nothing under load" in text
    assert "No longer there: gone.pdf" in text
    listed = open_page("validation")
    assert list(listed.dataframe[0].value["verdict"]) == ["✘ fail"]
    assert list(listed.dataframe[0].value["parts"]) == ["6 of 7 passed"]


def test_one_that_never_began_says_so(empty_home: Path) -> None:
    app = open_page("validation", validation="validation-none")
    assert not app.exception and "before it could begin" in said(app)
    assert os.environ["PHASEGATE_HOME"] == str(empty_home)
