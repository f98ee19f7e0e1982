"""A benchmark is evidence when it was measured here, on the real thing."""

from __future__ import annotations

from typing import Any

import pytest

from engine.operations.machine import describe_machine
from engine.roadmap.benchmark_evidence import find_figure, read_figure
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.types import Evidence
from engine.store import Store
from engine.store.benchmarks import BenchmarkStore

FIGURES = {
    "warm": {"p95_ms": {"value": 20.0, "low": 18.0, "high": 25.0, "n": 50}, "plain": 7},
    "answers": {"status": "not built yet", "reason": "no tier keeps answers"},
}


def record(store: Store, **changed: Any) -> str:
    result = {
        "name": "latency", "machine": describe_machine(), "commit": None, "data": "", "settings": {}, "figures": FIGURES,
        "stand_in": False, "seconds": 1.0,
    }  # fmt: skip
    return BenchmarkStore(store).record(result | changed)


def measure(store: Store, figure: str = "warm.p95_ms", target: str | None = None) -> Any:
    return EvidenceReader(store, target=target).measure(Evidence(kind="bench", bench="latency", figure=figure))


def test_the_newest_record_of_this_machine_is_the_value(store: Store) -> None:
    record(store)
    newer = {"warm": {"p95_ms": {"value": 30.0, "low": None, "high": 40.0, "n": 9}}}
    record(store, figures=newer)
    record(store, machine="another", figures={"warm": {"p95_ms": 1.0}})
    found = measure(store)
    assert (found.value, found.low, found.high, found.n) == (30.0, None, 40.0, 9)
    assert found.scored == found.total == 9


def test_a_plain_number_has_no_interval(store: Store) -> None:
    record(store)
    found = measure(store, "warm.plain")
    assert (found.value, found.low, found.high) == (7.0, None, None)


@pytest.mark.parametrize(
    ("changed", "figure", "reason"),
    [
        ({"stand_in": True}, "warm.p95_ms", "scripted server"),
        ({"figures": {"warm": {"stand_in": True, "p95_ms": 2.0}}}, "warm.p95_ms", "scripted server"),
        ({"figures": {"warm": {"p95_ms": {"stand_in": True, "value": 2.0}}}}, "warm.p95_ms", "scripted server"),
        ({"machine": "another"}, "warm.p95_ms", "no record"),
        ({}, "answers.hit_rate", "not built yet"),
        ({}, "warm.p42_ms", "has no figure"),
        ({"figures": {"warm": {"p95_ms": {"value": None, "n": 0}}}}, "warm.p95_ms", "has no figure"),
    ],
)
def test_anything_else_is_no_data(store: Store, changed: dict[str, Any], figure: str, reason: str) -> None:
    record(store, **changed)
    found = measure(store, figure)
    assert found.value is None and reason in found.reason and found.command == "python -m engine bench latency"


def test_a_benchmark_of_the_built_in_engine_says_nothing_of_another_target(store: Store) -> None:
    record(store)
    assert measure(store, target="pipeline").value == 20.0
    assert "another" not in measure(store, target="mine").reason and measure(store, target="mine").value is None


def test_a_path_leads_to_a_figure_or_to_nothing() -> None:
    assert find_figure(FIGURES, "warm.nothing.more") is None
    assert find_figure(FIGURES, "answers.memory.hit_rate") == FIGURES["answers"]
    assert read_figure(True) == (None, None, None, 1)
    assert read_figure(float("nan"))[0] is None
