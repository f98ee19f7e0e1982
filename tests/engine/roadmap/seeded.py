"""Case rows as the runner records them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

AddRun = Callable[..., str]


def case(
    status: str = "passed",
    kind: str = "qa",
    quality: float | None = 0.9,
    latency: float | None = 10.0,
    **scores: float | str | None,
) -> dict[str, Any]:
    """One case row. A score is a value, or a status without one: ``groundedness="not_applicable"``."""
    return {
        "kind": kind,
        "status": status,
        "question": "?",
        "answer": None,
        "abstained": None,
        "context_quality": None if kind == "content" else quality,
        "latency_ms": None if kind == "content" else latency,
        "tags": [],
        "checks": {},
        "detail": {},
        "scores": {
            name: {"status": value, "value": None, "reason": "why"}
            if isinstance(value, str)
            else {"status": "scored", "value": value, "reason": None}
            for name, value in scores.items()
        },
    }
