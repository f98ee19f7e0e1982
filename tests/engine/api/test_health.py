"""The three probes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from engine.api.health import KeptFindings
from engine.api.routes import ROUTES
from engine.store import open_store
from engine.store.providers import ProviderStore


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=ROUTES)) as client:
        yield client


def test_liveness_answers_without_touching_the_store(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "none"))
    assert client.get("/api/health/live").json() == {"status": "ok"}
    assert client.post("/api/health/live").status_code == 405
    assert not (tmp_path / "none").exists()


def test_an_app_without_a_corpus_is_alive_and_not_ready(client: TestClient, home: Path) -> None:
    reply = client.get("/api/health/ready")
    assert reply.status_code == 503
    checks = {check["name"]: check for check in reply.json()["checks"]}
    assert checks["store"]["status"] == "ok"
    assert "no corpus" in checks["corpus"]["reason"]


def test_an_app_with_a_corpus_is_ready(client: TestClient, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(library))
    reply = client.get("/api/health/ready")
    assert (reply.status_code, reply.json()["status"]) == (200, "ok")


def test_deep_names_the_part_that_fails_with_its_reason(client: TestClient, home: Path) -> None:
    from engine.providers.specs import ProviderSpec

    with open_store(home) as store:
        ProviderStore(store).save_provider(
            ProviderSpec(name="gone", model="openai/m", api_base="http://127.0.0.1:9"), "Ada"
        )
        reply = client.get("/api/health/deep")
    assert reply.status_code == 503
    failing = {check["name"]: check["reason"] for check in reply.json()["checks"] if check["status"] == "fail"}
    assert "takes no connection" in failing["provider gone"]


def test_a_store_that_another_program_holds_makes_the_app_unready_not_dead(client: TestClient, home: Path) -> None:
    import duckdb

    with open_store(home):
        pass
    foreign = duckdb.connect(str(home / "store.duckdb"))
    try:
        reply = client.get("/api/health/ready")
        assert reply.status_code == 503
        assert reply.json()["checks"][0]["name"] == "store"
        assert reply.json()["checks"][0]["status"] == "fail"
        assert client.get("/api/health/live").status_code == 200
    finally:
        foreign.close()


def test_asking_often_looks_once(home: Path) -> None:
    looks: list[str] = []
    kept = KeptFindings(lambda folder, url: {"look": looks.append(url), "number": len(looks)})
    assert [kept.read()["number"] for _ in range(50)] == [1] * 50
