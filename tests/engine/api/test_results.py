from __future__ import annotations

from typing import Any

from engine.api.openapi import describe_api
from engine.api.routes import ROUTES


def test_runs_are_read_as_the_command_prints_them(open_api: Any) -> None:
    client = open_api().client
    assert client.get("/api/runs?limit=5").json() == {"runs": []}
    missing = client.get("/api/runs/nope")
    assert missing.status_code == 404 and "no run called 'nope'" in missing.json()["error"]["message"]


def test_a_limit_that_is_none_is_400(open_api: Any) -> None:
    client = open_api().client
    for limit in ("0", "-1", "501", "many", "1e3", "٣", ""):
        reply = client.get("/api/runs", params={"limit": limit})
        assert reply.status_code == 400 and reply.json()["error"]["fields"][0]["field"] == "limit", limit


def test_a_gate_is_read_with_its_goals_and_its_evidence(open_api: Any) -> None:
    gate = open_api().client.get("/api/gates/narrative-agent/1").json()
    assert (gate["verdict"], gate["phase"]) == ("no_data", 1)
    assert gate["goals"] and gate["evidence_hash"] and gate["signoffs"] == []


def test_a_gate_that_is_not_there_is_said(open_api: Any) -> None:
    client = open_api().client
    for path, status in (
        ("nope/1", 404),
        ("narrative-agent/99", 404),
        ("narrative-agent/x", 400),
        ("narrative-agent/1?policy=odd", 400),
        ("narrative-agent/1?run=nope", 404),
        ("pyproject.yaml/1", 404),
        ("..%2fx.yaml/1", 404),
    ):
        assert client.get(f"/api/gates/{path}").status_code == status, path


def test_the_document_describes_every_route_and_no_other(open_api: Any) -> None:
    document = open_api().client.get("/api/openapi.json").json()
    served = {(r.path, m.lower()) for r in ROUTES for m in r.methods - {"HEAD"} if "{rest" not in r.path}  # type: ignore[attr-defined]
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert described == served
    assert all(operation["summary"] for methods in document["paths"].values() for operation in methods.values())


def test_bodies_are_described_by_the_models_that_check_them() -> None:
    document = describe_api(ROUTES, "1")
    schemas = document["components"]["schemas"]
    assert {"question", "corpus", "session", "preset", "settings", "stream", "cache"} <= schemas["AskBody"][
        "properties"
    ].keys()
    assert schemas["ConfigBody"]["properties"]["top_k"] == {
        "type": "integer",
        "default": 20,
        "minimum": 1,
        "maximum": 200,
    }
    references = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            references.update([value["$ref"]] if "$ref" in value else [])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)
    assert {r.removeprefix("#/components/schemas/") for r in references} <= schemas.keys()
