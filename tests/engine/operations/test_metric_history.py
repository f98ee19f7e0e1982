"""Metrics in time: intervals, restarts, ageing, clocks that jump."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.operations.intervals import BOUNDS_MS, IntervalFigures, estimate_quantile
from engine.operations.metric_history import (
    HistoryKeeper,
    HistoryWriter,
    load_cache_figures,
    load_history,
)
from engine.store import Store, open_store
from engine.store.requests import RequestStore
from engine.telemetry import CacheEvent, RequestRecord
from tests.engine.operations.records import make_call, make_request

NOON = datetime(2026, 1, 31, 12, 0)


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(home) as store:
        yield store


def keep(store: Store, *records: RequestRecord) -> None:
    rows = [{name: getattr(record, name) for name in record.__dataclass_fields__} for record in records]
    RequestStore(store).add_rows("requests", rows)


def test_an_hour_of_requests_is_twelve_points_with_their_counts(store: Store) -> None:
    clock, intervals = Clock(), IntervalFigures()
    writer = HistoryWriter(store, intervals, clock)
    for minute in range(60):
        clock.now = NOON + timedelta(minutes=minute)
        writer.write()
        intervals.add_request(make_request(total_ms=40.0))
        intervals.add_cache(CacheEvent(tier="memory", event="hit" if minute % 3 else "miss", saved_ms=10.0))
    writer.write()
    history = load_history(store, 1, clock.now)
    assert (history["resolution_s"], len(history["points"])) == (300, 12)
    point = history["points"][0]
    assert (point["taken_at"], point["requests"], point["success_rate"]) == (NOON, 5, 1.0)
    assert point["cache"]["memory"]["lookups"] == 5
    cache = load_cache_figures(store, 24, clock.now)["tiers"]["memory"]
    assert (cache["hits"], cache["misses"], cache["hit_rate"]) == (40, 20, pytest.approx(2 / 3, abs=1e-6))


def test_a_day_is_288_points(store: Store) -> None:
    figures = IntervalFigures()
    figures.add_request(make_request())
    moments = [NOON + timedelta(minutes=5 * step) for step in range(300)]
    point = {"resolution_s": 300, "process": "one", "figures": figures.read()}
    store.insert("metric_points", [{"taken_at": moment, **point} for moment in moments])
    assert len(load_history(store, 24, moments[-1])["points"]) == 288


def test_two_processes_and_a_restart_within_an_interval_add_up(store: Store) -> None:
    for _ in range(3):
        intervals = IntervalFigures()
        writer = HistoryWriter(store, intervals, Clock())
        intervals.add_request(make_request())
        writer.write()
        writer.write()
    assert [p["requests"] for p in load_history(store, 1, NOON)["points"]] == [3]


def test_requests_of_a_process_that_was_killed_before_it_added_them_up_are_in_the_history(store: Store) -> None:
    for number, outcome in enumerate(("answered", "abstained", "error", "cancelled")):
        keep(store, make_request(number, outcome=outcome, asked_at=NOON, total_ms=10.0 * number))
    keep(store, make_request(9, asked_at=NOON - timedelta(minutes=10)))
    intervals = IntervalFigures()
    intervals.add_request(make_request())
    HistoryWriter(store, intervals, Clock()).write()
    before, point = load_history(store, 1, NOON)["points"]
    assert (before["requests"], before["providers"], before["cache"]) == (1, {}, {})
    assert point["outcomes"] == {"answered": 1, "abstained": 1, "error": 1, "cancelled": 1}
    assert (point["success_rate"], point["error_rate"]) == (
        pytest.approx(2 / 3, abs=1e-6),
        pytest.approx(1 / 3, abs=1e-6),
    )
    assert (point["latency_ms"]["p50"], point["latency_ms"]["mean"]) == (10.0, 10.0)
    assert (point["tokens"], point["cost_usd"], point["context_quality"]) == (440, 0.004, 0.95)


def test_an_interval_whose_requests_were_all_cancelled_has_no_times(store: Store) -> None:
    keep(store, make_request(outcome="cancelled", asked_at=NOON))
    point = load_history(store, 1, NOON)["points"][0]
    assert (point["outcomes"], point["success_rate"]) == ({"cancelled": 1}, None)
    assert point["latency_ms"] == {"p50": None, "p95": None, "p99": None, "mean": None, "approximate": False}


def test_requests_of_a_time_that_has_yet_to_come_do_not_stay_the_latest(store: Store) -> None:
    for number in range(100):
        keep(store, make_request(number, outcome="error", asked_at=NOON + timedelta(days=365)))
    keep(store, make_request(100, asked_at=NOON))
    assert [row["outcome"] for row in RequestStore(store).load_latest(now=NOON)] == ["answered"]


def test_questions_that_a_cache_answered_are_counted_over_the_tiers_that_hold_answers(store: Store) -> None:
    intervals = IntervalFigures()
    for tier, event, count in (
        ("memory", "hit", 4), ("memory", "miss", 6), ("store", "hit", 1), ("store", "miss", 5),
        ("semantic", "hit", 1), ("semantic", "miss", 4), ("vectors", "hit", 9),
    ):  # fmt: skip
        intervals.add_cache(CacheEvent(tier=tier, event=event, count=count, saved_ms=10.0 * count))
    HistoryWriter(store, intervals, Clock()).write()
    answers = load_cache_figures(store, 1, NOON)["answers"]
    assert (answers["lookups"], answers["hits"], answers["hit_rate"]) == (10, 6, 0.6)
    assert load_cache_figures(store, 1, NOON + timedelta(days=2))["answers"]["hit_rate"] is None


def test_a_clock_set_back_adds_to_an_interval_that_is_written_already(store: Store) -> None:
    clock, intervals = Clock(), IntervalFigures()
    writer = HistoryWriter(store, intervals, clock)
    for moment in (NOON, NOON + timedelta(hours=2), NOON, NOON + timedelta(hours=2)):
        clock.now = moment
        writer.write()
        intervals.add_request(make_request())
        writer.write()
    points = load_history(store, 24, NOON + timedelta(hours=2))["points"]
    assert [(p["taken_at"], p["requests"]) for p in points] == [(NOON, 2), (NOON + timedelta(hours=2), 2)]


def test_points_become_hours_and_then_days_and_nothing_is_lost_or_counted_twice(store: Store) -> None:
    clock, intervals = Clock(NOON - timedelta(days=40)), IntervalFigures()
    writer = HistoryWriter(store, intervals, clock)
    for _ in range(24):
        intervals.add_request(make_request())
        writer.write()
        clock.now += timedelta(minutes=5)
    keeper = HistoryKeeper(store, lambda: NOON - timedelta(days=35))
    assert keeper.keep()
    assert keeper.keep()
    rows = store.query("SELECT resolution_s, count(*) AS n FROM metric_points GROUP BY 1")
    assert rows == [{"resolution_s": 3600, "n": 2}]
    HistoryKeeper(store, lambda: NOON).keep()
    history = load_history(store, 24 * 60, NOON)
    assert (history["resolution_s"], [p["requests"] for p in history["points"]]) == (86400, [24])


def test_an_interruption_between_joining_and_deleting_counts_nothing_twice(store: Store) -> None:
    clock, intervals = Clock(NOON - timedelta(days=5)), IntervalFigures()
    writer = HistoryWriter(store, intervals, clock)
    for _ in range(12):
        intervals.add_request(make_request())
        writer.write()
        clock.now += timedelta(minutes=5)
    fine = store.query("SELECT * FROM metric_points")
    keeper = HistoryKeeper(store, lambda: NOON)
    keeper.keep()
    store.insert("metric_points", fine)
    assert sum(p["requests"] for p in load_history(store, 24 * 7, NOON)["points"]) == 12
    keeper.keep()
    assert sum(p["requests"] for p in load_history(store, 24 * 7, NOON)["points"]) == 12
    assert store.query("SELECT count(*) AS n FROM metric_points") == [{"n": 1}]


def test_requests_are_kept_for_seven_days_unless_the_clock_has_jumped(store: Store) -> None:
    requests = RequestStore(store)
    clock = Clock()
    keeper = HistoryKeeper(store, clock)
    for number, days in enumerate((1, 6, 8)):
        keep(store, make_request(number, asked_at=NOON - timedelta(days=days)))
    clock.now = NOON + timedelta(days=3650)
    assert not keeper.keep()
    assert len(requests.load_latest()) == 3
    HistoryKeeper(store, lambda: NOON).keep()
    assert len(requests.load_latest()) == 2


def test_percentiles_are_exact_while_the_requests_are_kept_and_say_when_they_are_not(store: Store) -> None:
    intervals = IntervalFigures()
    writer = HistoryWriter(store, intervals, Clock())
    rng = np.random.default_rng(7)
    times = rng.gamma(2.0, 60.0, 200)
    records = [make_request(number, total_ms=float(ms), asked_at=NOON) for number, ms in enumerate(times)]
    for record in records:
        intervals.add_request(record)
    keep(store, *records)
    writer.write()
    exact = load_history(store, 1, NOON)["points"][0]["latency_ms"]
    assert exact["approximate"] is False
    assert exact["p95"] == pytest.approx(np.quantile(times, 0.95), rel=1e-4)
    store.execute("DELETE FROM requests")
    rough = load_history(store, 1, NOON)["points"][0]["latency_ms"]
    assert rough["approximate"] is True
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        true = np.quantile(times, share)
        width = next(high - low for low, high in zip((0, *BOUNDS_MS), BOUNDS_MS, strict=False) if high >= true)
        assert abs(rough[name] - true) <= width


def test_a_quantile_of_nothing_is_none_and_beyond_the_last_bound_it_is_that_bound() -> None:
    assert estimate_quantile([0] * (len(BOUNDS_MS) + 1), 0.5) is None
    assert estimate_quantile([0] * len(BOUNDS_MS) + [3], 0.5) == BOUNDS_MS[-1]


def test_figures_wait_while_the_store_is_away(store: Store, home: Path, tmp_path: Path) -> None:
    away = open_store(tmp_path / "away")
    clock, intervals = Clock(), IntervalFigures()
    writer = HistoryWriter(away, intervals, clock)
    away.close()
    intervals.add_request(make_request())
    intervals.add_call(make_call())
    from engine.errors import StoreError

    for _ in range(2):
        with pytest.raises(StoreError):
            writer.write()
        clock.now += timedelta(minutes=5)
    writer._points._store = store  # the connection is back
    writer.write()
    points = load_history(store, 1, clock.now)["points"]
    assert [(p["taken_at"], p["requests"]) for p in points] == [(NOON, 1)]
    assert points[0]["providers"]["local"]["calls"] == 1
