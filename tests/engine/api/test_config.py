from __future__ import annotations

from typing import Any

import pytest

from engine.settings import PRESETS, PipelineSettings
from engine.store import AuditTrail, PreferenceStore
from engine.store.tokens import TokenStore


@pytest.fixture
def api(open_api: Any) -> Any:
    api = open_api()
    token, _ = TokenStore(api.store).create_token("Ada", ["config", "read"], "test")
    api.client.headers["Authorization"] = f"Bearer {token}"
    return api


def test_the_shipped_defaults_are_shown_with_their_origin_and_preset(api: Any) -> None:
    shown = api.client.get("/api/config/rag").json()
    assert shown["settings"] == PipelineSettings().as_dict()
    assert set(shown["origins"].values()) == {"shipped default"} and shown["presets"] == ["balanced"]


def test_a_preset_with_an_override_is_saved_as_the_settings_screen_saves_it(api: Any) -> None:
    done = api.client.post("/api/config/rag", json={"preset": "accurate", "top_k": 15}).json()
    expected = PRESETS["accurate"] | {"top_k": 15}
    assert {name: done["settings"][name] for name in expected} == expected
    assert done["changed"]["chunk_size"] == [1024, 2048] and done["reindexes"]
    assert PreferenceStore(api.store).load_preference("pipeline") == expected
    shown = api.client.get("/api/config/rag").json()
    assert shown["origins"]["top_k"] == "saved" and shown["origins"]["mode"] == "shipped default"


def test_what_is_not_named_stays(api: Any) -> None:
    api.client.post("/api/config/rag", json={"min_similarity": 0.4})
    done = api.client.post("/api/config/rag", json={"top_k": 7}).json()
    assert done["changed"] == {"top_k": [20, 7]} and not done["reindexes"]
    assert done["settings"]["min_similarity"] == 0.4


def test_size_and_overlap_may_change_together_though_neither_could_alone(api: Any) -> None:
    done = api.client.post("/api/config/rag", json={"chunk_size": 150, "chunk_overlap": 20})
    assert done.status_code == 200, done.text
    assert done.json()["settings"]["chunk_size"] == 150


def test_a_change_is_in_the_audit_trail_under_the_tokens_name(api: Any) -> None:
    api.client.post("/api/config/rag", json={"top_k": 7})
    api.client.post("/api/config/rag", json={"top_k": 7})
    (entry,) = [e for e in AuditTrail(api.store).list_entries() if e["action"] == "settings changed"]
    assert (entry["who"], entry["before"], entry["after"]) == ("Ada", {"top_k": 20}, {"top_k": 7})


def test_wrong_fields_are_all_named_and_nothing_is_saved(api: Any) -> None:
    for body, fields in (
        ({"chunk_size": "big", "top_k": 0, "mode": "dense"}, ["chunk_size", "top_k"]),
        ({"nonsense": 1}, ["nonsense"]),
        ({"top_k": None}, ["top_k"]),
        ({"top_k": True}, ["top_k"]),
        ({"top_k": {"a": 1}}, ["top_k"]),
        ({"chunk_overlap": 5000}, ["chunk_overlap"]),
        ({"preset": "best"}, ["preset"]),
        ({"preset": 5}, ["preset"]),
        ({}, [""]),
    ):
        reply = api.client.post("/api/config/rag", json=body)
        assert reply.status_code == 400, reply.text
        assert [entry["field"] for entry in reply.json()["error"]["fields"]] == fields
    assert PreferenceStore(api.store).load_preference("pipeline") is None
