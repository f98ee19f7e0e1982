"""The Benchmarks screen: nothing measured, one record, two records with a stand-in, a job at work and one that failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.store import JobStore, Store, open_store
from engine.store.benchmarks import BenchmarkStore
from tests.pages.conftest import open_page, words_of


@pytest.fixture
def store(empty_home: Path) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


def record(store: Store, p95: float, **changed: Any) -> str:
    figures = {
        "warm": {"p95_ms": {"value": p95, "low": p95 - 1, "high": p95 + 1, "n": 50}, "mean_ms": p95 / 2},
        "answers": {"status": "not built yet", "reason": "no tier keeps answers"},
    }
    result = {
        "name": "latency", "machine": "one", "commit": "abc", "data": "", "settings": {}, "figures": figures,
        "stand_in": False, "seconds": 1.5,
    }  # fmt: skip
    return BenchmarkStore(store).record(result | changed)


def said(app: object) -> str:
    return words_of(app).replace("\\", "")  # type: ignore[arg-type]


def test_nothing_measured_offers_to_measure(empty_home: Path) -> None:
    app = open_page("benchmarks")
    assert not app.exception and "No record of latency yet" in said(app)
    assert "Measure now" in [button.label for button in app.button]


def test_a_benchmark_that_needs_a_data_set_cannot_be_started_here(empty_home: Path) -> None:
    app = open_page("benchmarks", bench="quality")
    assert not app.exception and "--data" in said(app)
    assert "Measure now" not in [button.label for button in app.button]


def test_one_record_is_drawn_with_what_is_missing(store: Store) -> None:
    record(store, 20.0)
    app = open_page("benchmarks", bench="latency")
    assert not app.exception
    assert "warm, p95 ms: 20 in the newest of 1 record" in said(app)
    assert "not built yet" in said(app) and "A second record is needed" in said(app)
    assert list(app.dataframe[0].value["kind"]) == ["● real"]


def test_two_records_are_compared_and_a_stand_in_is_told_by_its_shape(store: Store) -> None:
    first = record(store, 20.0)
    record(store, 30.0, stand_in=True)
    app = open_page("benchmarks", bench="latency")
    assert not app.exception and "+50.0 % against the one before" in said(app)
    assert list(app.dataframe[0].value["kind"]) == ["◇ stand-in", "● real"]
    rows = app.dataframe[1].value
    assert list(rows["figure"]) == ["warm.p95_ms", "warm.mean_ms"]
    assert list(rows["change"]) == [50.0, 50.0]
    assert list(rows["apart"]) == ["● intervals apart", "no interval"]
    again = open_page("benchmarks", bench="latency", figure="warm.mean_ms", before=first, after=first)
    assert not again.exception and list(again.dataframe[1].value["change"]) == [0.0, 0.0]


def test_work_under_way_and_work_that_failed_are_shown(store: Store) -> None:
    jobs = JobStore(store)
    jobs.record_job(job_id="bench-1", kind="bench", title="Benchmark latency", subject="latency")
    app = open_page("benchmarks", bench="latency")
    assert not app.exception and "Measuring." in said(app)
    jobs.update_job("bench-1", status="failed", message="no model")
    app = open_page("benchmarks", bench="latency")
    assert not app.exception and "no model" in said(app)
