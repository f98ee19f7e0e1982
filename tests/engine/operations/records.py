"""Records of serving for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.store.liveness import utc_now
from engine.telemetry import CallRecord, RequestRecord


def make_request(number: int = 1, **changes: Any) -> RequestRecord:
    """An answered request."""
    fields: dict[str, Any] = {
        "correlation_id": f"request-{number}",
        "asked_at": utc_now(),
        "door": "api",
        "corpus": "depot",
        "session": "",
        "asker": "ada",
        "question": "When is the depot open?",
        "outcome": "answered",
        "reason": "",
        "cache_tier": None,
        "provider": "extractive",
        "total_ms": 20.0,
        "first_text_ms": 15.0,
        "retrieval_ms": 5.0,
        "chunks": 10,
        "context_quality": 0.95,
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "cost_usd": 0.001,
        "trace": [{"name": "retrieve", "start_ms": 0.0, "ms": 5.0, "attributes": {}}],
    }
    return RequestRecord(**(fields | changes))


def make_call(started_at: datetime | None = None, **changes: Any) -> CallRecord:
    """A call that went well."""
    fields: dict[str, Any] = {
        "correlation_id": "request-1",
        "provider": "local",
        "model": "openai/m",
        "purpose": "answer",
        "attempt": 1,
        "started_at": started_at or utc_now(),
        "ms": 300.0,
        "first_token_ms": 50.0,
        "outcome": "ok",
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "cost_usd": 0.001,
    }
    return CallRecord(**(fields | changes))
