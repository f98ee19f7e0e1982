"""Requests and calls as the recorder leaves them, for the tests of Live."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from engine.store import Store
from engine.store.requests import RequestStore

NOW = datetime(2026, 5, 4, 12, 0, 30)


def add_request(store: Store, number: int, seconds_ago: float, **fields: Any) -> str:
    """One request, answered in 100 ms unless ``fields`` say otherwise; its id."""
    row = {
        "correlation_id": f"request-{number}",
        "asked_at": NOW - timedelta(seconds=seconds_ago),
        "door": "api",
        "corpus": "depot",
        "session": "",
        "asker": "ann",
        "question": f"When does gate {number} open?",
        "outcome": "answered",
        "reason": "",
        "cache_tier": None,
        "provider": "first",
        "total_ms": 100.0,
        "first_text_ms": None,
        "retrieval_ms": 5.0,
        "chunks": 10,
        "context_quality": 0.9,
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "cost_usd": 0.001,
        "trace": [],
        **fields,
    }
    RequestStore(store).add_rows("requests", [row])
    return str(row["correlation_id"])


def add_call(store: Store, number: int, request: str, seconds_ago: float, **fields: Any) -> None:
    """One call of a request to a provider."""
    row = {
        "call_id": f"call-{number}",
        "correlation_id": request,
        "provider": "first",
        "model": "openai/first",
        "purpose": "answer",
        "attempt": 1,
        "started_at": NOW - timedelta(seconds=seconds_ago),
        "ms": 80.0,
        "first_token_ms": 20.0,
        "outcome": "ok",
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "cost_usd": 0.001,
        **fields,
    }
    RequestStore(store).add_rows("provider_calls", [row])


def add_breaker(store: Store, number: int, seconds_ago: float, state: str, provider: str = "first") -> None:
    """One change of a breaker."""
    row = {
        "change_id": f"change-{number}",
        "provider": provider,
        "changed_at": NOW - timedelta(seconds=seconds_ago),
        "state": state,
        "reason": "5 of 8 calls failed",
    }
    RequestStore(store).add_rows("breaker_changes", [row])
