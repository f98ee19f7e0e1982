"""Live: the figures of a window, its intervals, and the tables of the parts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.charts.live import build_cache, build_cost, build_latency, build_memory, build_tokens, build_traffic
from engine.errors import UnknownNameError
from engine.serving.runtime import ServingRuntime
from engine.store import Store, open_store
from engine.store.metric_points import MetricPointStore
from engine.views.live import LiveView, load_live
from engine.views.live_words import WINDOWS
from tests.engine.views.live_rows import NOW, add_breaker, add_call, add_request


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


def tile(view: LiveView, label: str) -> tuple[str, str]:
    found = next(t for t in view.tiles if t.label == label)
    return found.value, found.note


def test_an_empty_store_says_that_nothing_was_asked(store: Store) -> None:
    view = load_live(store, now=NOW)
    assert view.kept == 0 and view.quiet == "Nothing has been asked yet."
    assert tile(view, "p95")[0] == "–" and view.alerts == () and view.providers == ()


def test_a_quiet_window_names_the_newest_request(store: Store) -> None:
    add_request(store, 1, 7200)
    view = load_live(store, "1h", now=NOW)
    assert view.kept == 1 and "Nothing was asked in the last 1 h" in view.quiet
    assert "4 May 2026, 10:00" in view.quiet
    assert load_live(store, "6h", now=NOW).quiet == ""


def test_an_unknown_window_names_those_that_there_are(store: Store) -> None:
    with pytest.raises(UnknownNameError, match="15m"):
        load_live(store, "2h")


def test_every_interval_of_the_window_is_there_and_one_without_requests_has_no_latency(store: Store) -> None:
    add_request(store, 1, 30)
    add_request(store, 2, 600, total_ms=900.0)
    view = load_live(store, "1h", now=NOW)
    assert len(view.points) == 61
    assert [p.ends - p.begins for p in view.points] == [60] * 61
    asked = [p for p in view.points if p.requests]
    assert [p.p50 for p in asked] == [900.0, 100.0]
    assert all(p.p50 is None and p.tokens == 0 for p in view.points if not p.requests)


def test_a_cancelled_request_counts_neither_as_lost_nor_in_the_latency(store: Store) -> None:
    add_request(store, 1, 10)
    add_request(store, 2, 11, outcome="cancelled", total_ms=60_000.0)
    view = load_live(store, "15m", now=NOW)
    assert tile(view, "Answered")[0] == "100 %"
    assert tile(view, "p95")[0] == "100 ms"
    assert tile(view, "Requests")[0] == "2"


def test_degraded_is_told_apart_from_not_answered(store: Store) -> None:
    for number, outcome in enumerate(("answered", "abstained", "degraded", "refused", "error")):
        add_request(store, number, 20, outcome=outcome)
    view = load_live(store, "15m", now=NOW)
    assert tile(view, "Answered") == ("60.0 %", "2 not answered")
    assert "5 requests in 15 min: 1 degraded, 2 not answered" in view.words.traffic


def test_cached_requests_tokens_and_cost_add_up(store: Store) -> None:
    add_request(store, 1, 20)
    add_request(store, 2, 21, cache_tier="memory", prompt_tokens=0, completion_tokens=0, cost_usd=0.0, total_ms=1.0)
    view = load_live(store, "15m", described={"cache": {"memory": {"hit": 3, "miss": 1, "entries": 7}}}, now=NOW)
    assert tile(view, "From a cache") == ("50.0 %", "1 of 2")
    assert tile(view, "Cost") == ("0.001 USD", "120 tokens")
    rows = {row["tier"]: row for row in view.tiers}
    assert rows["memory"]["hit rate here"].startswith("75") and rows["memory"]["entries here"] == "7"
    assert rows["computed, no cache"]["requests"] == 1


def test_reasons_of_one_answer_are_counted_one_by_one(store: Store) -> None:
    none = "No verdict: 0 of them a pass; 2 have to agree."
    add_request(store, 1, 20, outcome="degraded", reason=f"No source.; {none}")
    add_request(store, 2, 21, outcome="degraded", reason=none)
    for number in (3, 4):
        add_request(store, number, 22, outcome="refused", reason=f"QuotaError: Too many; retry after {number} s")
    view = load_live(store, "15m", now=NOW)
    counted = {row["reason"]: row["requests"] for row in view.reasons}
    assert counted == {none: 2, "No source.": 1, "QuotaError: Too many": 2}


def test_providers_show_their_calls_and_an_open_breaker_even_without_calls(store: Store) -> None:
    add_call(store, 1, "request-1", 30)
    add_call(store, 2, "request-1", 29, outcome="Timeout", ms=5000.0)
    add_breaker(store, 1, 9, "open", "second")
    add_breaker(store, 2, 400_000, "closed", "third")
    add_request(store, 1, 30)
    rows = {row["provider"]: row for row in load_live(store, "15m", now=NOW).providers}
    assert set(rows) == {"first", "second"}
    assert (rows["first"]["calls"], rows["first"]["failed"], rows["first"]["p50"]) == (2, "50.00 %", "80.0 ms")
    assert rows["first"]["last failure"].startswith("Timeout")
    assert rows["second"]["breaker"] == "✕ open" and rows["second"]["calls"] == 0
    later = load_live(store, "15m", now=NOW + timedelta(seconds=1)).providers
    assert [row["breaker"] for row in later if row["provider"] == "second"] == ["◔ tried next"]


def test_limiter_and_admission_of_a_real_runtime_are_told(home: Path) -> None:
    with ServingRuntime(open_store()) as runtime:
        view = load_live(runtime.store, described=runtime.describe(), now=NOW)
    parts = {row["part"]: row["now"] for row in view.gates}
    assert parts["Admission"] == "0 of 10 at work, 0 of 100 waiting"
    assert parts["Limiter"].startswith("not slowed")


def test_no_trace_of_a_chart_but_those_of_intervals_can_be_selected(store: Store) -> None:
    add_request(store, 1, 30, total_ms=9000.0)
    gauges = {"gauges": {"memory_mb": {"most": 900.0}, "threads": {"most": 40}}}
    MetricPointStore(store).save_point(
        taken_at=NOW.replace(second=0), resolution_s=300, process="77-ab", figures=gauges
    )
    view = load_live(store, "1h", now=NOW)
    for build in (build_traffic, build_latency, build_cache, build_tokens, build_cost):
        assert all(len(trace.x) == len(view.points) for trace in build(view).data)
    assert len(build_latency(view).layout.shapes) == 1
    (memory,) = build_memory(view).data
    assert (memory.name, list(memory.y), list(memory.customdata)) == ("process 77", [900.0], [40.0])
    assert "Memory reached 900 MB" in view.words.memory


@pytest.mark.parametrize("window", WINDOWS)
def test_every_window_can_be_loaded(store: Store, window: str) -> None:
    add_request(store, 1, 30)
    view = load_live(store, window, "Asia/Singapore", now=NOW)
    assert sum(point.requests for point in view.points) == 1
    assert view.over is not None and view.over.hour == 20
