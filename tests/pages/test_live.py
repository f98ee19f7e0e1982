"""Operate › Live: the figures, the list of an interval, one request; and the audit trail on Settings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.bench.live_rows import generate_requests
from engine.store import AuditTrail, open_store
from engine.store.liveness import utc_now
from tests.engine.views.live_rows import NOW, add_call, add_request
from tests.pages.conftest import open_page, words_of


@pytest.fixture
def busy_home(empty_home: Path) -> Path:
    """A home with three hours of traffic, and one request of now that failed over."""
    with open_store() as store:
        generate_requests(store, 300, span=timedelta(hours=3))
        ago = (NOW - utc_now()).total_seconds() + 5
        request = add_request(
            store, 1, ago, question="Is *this* <b>it</b>?", outcome="degraded", reason="First was out."
        )
        add_call(store, 1, request, ago, outcome="Timeout")
    return empty_home


def test_a_newcomer_is_told_what_will_be_here_and_how_to_begin(empty_home: Path) -> None:
    app = open_page("live")
    assert not app.exception
    words = words_of(app)
    assert "Nothing has been asked yet" in words and "python -m engine ask" in words
    assert not app.metric


def test_a_window_stands_in_the_address_and_decides_what_is_counted(busy_home: Path) -> None:
    app = open_page("live", window="6h")
    assert not app.exception
    assert app.metric[0].value == "301"
    app.segmented_control(key="live-window").set_value("15m").run()
    assert app.query_params["window"] == "15m"
    assert 0 < int(app.metric[0].value) < 301


def test_an_unknown_window_is_an_error_with_a_way_on(busy_home: Path) -> None:
    app = open_page("live", window="2h")
    assert not app.exception
    assert "15m" in words_of(app)


def test_what_was_not_answered_in_full_is_one_step_away(busy_home: Path) -> None:
    app = open_page("live", window="15m")
    next(button for button in app.button if button.label == "Not answered in full").click().run()
    assert not app.exception
    assert app.query_params["outcome"] == "failed"
    assert "request-1" in list(app.dataframe[0].value["request"])


def test_a_list_that_nothing_fits_says_so_and_the_filter_can_be_cleared(busy_home: Path) -> None:
    app = open_page("live", list="1", window="6h", words="no such words")
    assert "No request of this interval fits" in words_of(app)
    next(button for button in app.button if button.label == "Clear the filter").click().run()
    assert len(app.dataframe[0].value) == 50


@pytest.mark.parametrize("query", [{"from": "soon"}, {"from": "20", "to": "10"}, {"list": "1", "sort": "best"}])
def test_an_address_that_makes_no_sense_is_an_error_not_a_crash(busy_home: Path, query: dict[str, str]) -> None:
    app = open_page("live", **query)
    assert not app.exception
    assert app.error


def test_one_request_is_shown_whole_and_its_text_stays_text(busy_home: Path) -> None:
    app = open_page("live", request="request-1")
    assert not app.exception
    words = words_of(app)
    assert "\\*this\\*" in words and "First was out" in words
    calls = next(frame.value for frame in app.dataframe if "outcome" in frame.value.columns)
    assert list(calls["outcome"]) == ["✕ Timeout"]


def test_a_request_that_is_not_kept_says_why(busy_home: Path) -> None:
    app = open_page("live", request="*gone*")
    assert not app.exception
    assert "This request is not here" in words_of(app)
    assert any(button.label == "Look again" for button in app.button)


def test_the_audit_trail_is_searched_on_the_settings_screen(empty_home: Path) -> None:
    with open_store() as store:
        AuditTrail(store).record_entry("ann", "token created", "token/1")
        AuditTrail(store).record_entry(
            "bob", "settings changed", "settings/pipeline", before={"top_k": 5}, after={"top_k": 7}
        )
    app = open_page("settings", show="Audit trail")
    assert len(app.table[0].value) == 2
    app.text_input(key="trail-words").input("TOP").run()
    assert "No entry holds these words" in words_of(app)
    app.text_input(key="trail-words").input("settings").run()
    assert [after.replace("\\", "").replace("\u00a0", " ") for after in app.table[0].value["To"]] == ["top_k 7"]
