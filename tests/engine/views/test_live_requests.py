"""The requests of an interval, and one request whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import InputError, UnknownNameError
from engine.store import Store, open_store
from engine.views.live_requests import PAGE, find_interval, load_request, load_requests, read_moment
from tests.engine.views.live_rows import NOW, add_call, add_request

HOUR = timedelta(hours=1)


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


def test_filters_narrow_in_the_database_and_the_counts_follow(store: Store) -> None:
    add_request(store, 1, 10, question="Where is the KEY?", cache_tier="memory")
    add_request(store, 2, 20, outcome="error", door="cli", provider="second")
    add_request(store, 3, 30, outcome="degraded")
    add_request(store, 4, 4000)
    begin = NOW - HOUR

    def ids(**narrowed: str) -> set[str]:
        found = load_requests(store, begin, NOW, **narrowed)  # type: ignore[arg-type]
        assert found.total == len(found.ids)
        return set(found.ids)

    assert ids() == {"request-1", "request-2", "request-3"}
    assert ids(outcome="failed") == {"request-2", "request-3"}
    assert ids(tier="memory") == ids(words="key") == {"request-1"}
    assert ids(tier="none", door="api") == {"request-3"}
    assert ids(provider="second") == {"request-2"}
    assert ids(words="' OR 1=1 --") == set()


def test_pages_are_cut_in_the_database_and_one_beyond_the_last_is_the_last(store: Store) -> None:
    for number in range(PAGE + 3):
        add_request(store, number, number, total_ms=float(number))
    found = load_requests(store, NOW - HOUR, NOW + HOUR, sort="slowest", page=99)
    assert (found.page, found.pages, found.first, found.total) == (2, 2, PAGE + 1, PAGE + 3)
    assert found.ids == ("request-2", "request-1", "request-0")
    with pytest.raises(UnknownNameError, match="slowest"):
        load_requests(store, NOW - HOUR, NOW, sort="best")


def test_an_address_names_both_ends_or_the_window_up_to_now() -> None:
    assert find_interval("15m", None, None, NOW) == (NOW - timedelta(minutes=15), NOW)
    begin = NOW - HOUR
    assert find_interval("15m", begin, NOW, NOW) == (begin, NOW)
    with pytest.raises(InputError, match="ends before it begins"):
        find_interval("15m", NOW, begin, NOW)
    with pytest.raises(UnknownNameError, match="15m"):
        find_interval("15", None, None, NOW)


@pytest.mark.parametrize("text", ["soon", "1e9", "9" * 30, "-" + "9" * 30])
def test_what_is_no_time_in_the_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no time"):
        read_moment(text)
    assert read_moment("") is None


def test_a_trace_names_each_call_by_its_provider_and_marks_those_that_failed(store: Store) -> None:
    call = {"provider": "first", "model": "m", "attempt": 1, "purpose": "answer", "outcome": "Timeout"}
    spans = [
        {"name": "cache", "start_ms": 0.1, "ms": 1.0, "attributes": {"tier": "none"}},
        {"name": "model", "start_ms": 2.0, "ms": 300.0, "attributes": call},
        {"name": "model", "start_ms": 310.0, "ms": 20.0, "attributes": call | {"attempt": 2}},
        {"name": "model", "start_ms": 340.0, "ms": 80.0, "attributes": call | {"provider": "second", "outcome": "ok"}},
        {"name": "context", "start_ms": 1.2, "ms": 0.5, "attributes": {"quality": 0.7791111}},
    ]
    request = add_request(store, 1, 10, outcome="degraded", reason="First was out.", total_ms=430.0, trace=spans)
    add_call(store, 1, request, 9, outcome="Timeout")
    add_call(store, 2, request, 8, provider="second")
    trace = load_request(store, request)
    assert trace is not None
    assert [stage.name for stage in trace.stages][1:4] == ["first: answer ✕", "first: answer ✕ (2)", "second: answer"]
    assert trace.finding == "first: answer ✕ took 300 ms of 430 ms"
    assert [call["outcome"] for call in trace.calls] == ["✕ Timeout", "● ok"]
    assert {note["stage"]: note["notes"] for note in trace.notes} == {"cache": "tier none", "context": "quality 0.779"}
    assert json.loads(trace.content)["calls"][1]["provider"] == "second"


def test_a_request_without_a_trace_is_shown_and_one_that_is_not_kept_is_none(store: Store) -> None:
    request = add_request(store, 1, 10, outcome="refused", reason="QuotaError: Too many", provider="")
    trace = load_request(store, request)
    assert trace is not None and trace.stages == () and trace.calls == ()
    assert trace.finding == "100 ms in all; no stage was noted down"
    assert trace.facts["Answered by"] == "–"
    assert load_request(store, "request-2") is None
