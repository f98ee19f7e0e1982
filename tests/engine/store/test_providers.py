"""Saved providers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import UnknownNameError
from engine.provider_setup import move_provider, save_provider, switch_provider
from engine.providers.specs import ProviderSpec
from engine.store import AuditTrail, Store, open_store
from engine.store.liveness import utc_now
from engine.store.providers import ProviderStore


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(home) as opened:
        yield opened


def test_a_new_provider_is_asked_after_the_others_and_a_changed_one_keeps_its_place(store: Store) -> None:
    for name in ("b", "a"):
        save_provider(store, name, {"model": "openai/x"}, "ann")
    save_provider(store, "b", {"model": "openai/y"}, "ann")
    specs = ProviderStore(store).list_providers()
    assert [(s.name, s.model) for s in specs] == [("b", "openai/y"), ("a", "openai/x")]


def test_order_switch_and_removal_are_kept_and_stand_in_the_audit_trail(store: Store) -> None:
    for name in "abc":
        save_provider(store, name, {"model": "openai/x"}, "ann")
    providers = ProviderStore(store)
    move_provider(store, "c", -1, "bob")
    move_provider(store, "a", -1, "bob")
    assert [s.name for s in providers.list_providers()] == ["a", "c", "b"]
    providers.order_providers(["b"], "bob")
    assert [s.name for s in providers.list_providers()] == ["b", "a", "c"]
    switch_provider(store, "a", False, "bob")
    assert [s.enabled for s in providers.list_providers()] == [True, False, True]
    providers.delete_provider("b", "cy")
    actions = [(entry["who"], entry["action"]) for entry in AuditTrail(store).list_entries("provider")]
    assert actions[0] == ("cy", "provider removed") and actions.count(("ann", "provider added")) == 3
    assert ("bob", "providers ordered") in actions and ("bob", "provider changed") in actions
    with pytest.raises(UnknownNameError):
        providers.delete_provider("b", "cy")


def test_calls_of_the_last_day_are_summed_up_with_the_breakers_last_state(store: Store) -> None:
    now = utc_now()
    base = {"correlation_id": "", "model": "m", "purpose": "answer", "attempt": 1, "first_token_ms": None}
    base |= {"prompt_tokens": 0, "completion_tokens": 0, "cost_usd": None}
    rows = [
        {**base, "call_id": f"c{i}", "provider": "p", "started_at": now - timedelta(minutes=i), "ms": ms, "outcome": o}
        for i, (ms, o) in enumerate([(10.0, "ok"), (30.0, "Timeout"), (20.0, "cancelled")])
    ]
    rows.append({**rows[0], "call_id": "old", "started_at": now - timedelta(days=2), "outcome": "Timeout"})
    store.insert("provider_calls", rows)
    changes = [(2, "open"), (1, "half_open")]
    store.insert(
        "breaker_changes",
        [
            {"change_id": s, "provider": "q", "changed_at": now - timedelta(minutes=m), "state": s, "reason": ""}
            for m, s in changes
        ],
    )
    found = ProviderStore(store).summarise_calls()
    assert (found["p"]["calls"], found["p"]["failed"], found["p"]["median_ms"]) == (3, 1, 20.0)
    assert found["p"]["last_outcome"] == "ok" and found["p"]["state"] is None
    assert found["q"]["state"] == "half_open" and found["q"]["calls"] == 0


def test_a_row_holds_the_name_of_the_keys_variable_and_no_key(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-secret")
    spec = ProviderSpec(name="p", model="openai/x", api_key_env="SOME_KEY")
    ProviderStore(store).save_provider(replace(spec, priority=1), "ann")
    assert "sk-secret" not in str(store.query("SELECT * FROM providers") + AuditTrail(store).list_entries())
