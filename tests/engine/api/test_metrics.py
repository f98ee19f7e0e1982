"""``/metrics``, its history and its caches over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from engine.api.door import guard_doors
from engine.api.parts import serve_parts
from engine.api.routes import build_routes
from engine.operations.metric_history import HistoryWriter
from engine.operations.metrics import close_recorder, get_recorder
from engine.operations.observing import Observation
from engine.store import open_store
from engine.telemetry import CacheEvent
from tests.engine.operations.records import make_request


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    parts = serve_parts()
    app = Starlette(routes=build_routes(parts), middleware=guard_doors("127.0.0.1", parts))
    with TestClient(app, base_url="http://127.0.0.1:8501", client=("127.0.0.1", 50_000)) as client:
        yield client
    close_recorder(home)


def test_prometheus_reads_what_was_recorded_under_the_type_that_it_expects(client: TestClient) -> None:
    get_recorder().record_request(make_request())
    reply = client.get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(reply.text)}
    assert {"door": "api", "outcome": "answered"} in [s.labels for s in families["requests"].samples if s.value == 1]


def test_history_and_cache_answer_with_what_was_counted(client: TestClient, home: Path) -> None:
    recorder = get_recorder()
    recorder.record_request(make_request())
    recorder.record_cache(CacheEvent(tier="memory", event="hit", saved_ms=300.0))
    recorder.record_cache(CacheEvent(tier="memory", event="miss"))
    with open_store(home) as store:
        HistoryWriter(store, recorder.intervals).write()
        history = client.get("/metrics/history?hours=1").json()
        assert (history["resolution_s"], [p["requests"] for p in history["points"]]) == (300, [1])
        tier = client.get("/metrics/cache").json()["tiers"]["memory"]
    assert (tier["hits"], tier["misses"], tier["hit_rate"], tier["saved_ms"]) == (1, 1, 0.5, 300.0)


def test_who_asks_for_history_or_cache_gets_what_was_counted_up_to_now(client: TestClient, home: Path) -> None:
    with open_store(home) as store:
        Observation(store, get_recorder())
        get_recorder().record_request(make_request())
        get_recorder().record_cache(CacheEvent(tier="memory", event="hit"))
        assert client.get("/metrics/cache").json()["answers"]["hits"] == 1
        assert [p["outcomes"] for p in client.get("/metrics/history").json()["points"]] == [{"answered": 1}]


@pytest.mark.parametrize("path", ["/metrics/history", "/metrics/cache"])
@pytest.mark.parametrize("hours", ["0", "-1", "1.5", "x", "", "9999999", "١"])
def test_hours_that_are_none_are_refused_by_the_fields_name(client: TestClient, path: str, hours: str) -> None:
    reply = client.get(path, params={"hours": hours})
    assert reply.status_code == 400
    assert reply.json()["error"]["fields"][0]["field"] == "hours"
