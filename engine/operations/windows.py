"""Rolling windows over the last requests: success, errors, context quality, response time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SUCCESSES = frozenset({"answered", "abstained", "degraded"})
SIZES = {"success_rate": 100, "error_rate": 100, "response_ms": 100, "context_quality": 50}
FRESH = timedelta(hours=1)
"""Older requests say nothing of the present and leave the windows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFigure:
    """A mean over ``samples`` requests; ``value`` is None without any."""

    value: float | None
    samples: int


class RollingWindows:
    """The last 100 requests (50 for context quality), from any thread.

    Success counts answered, abstained and degraded ones against all that were not cancelled: a request turned away by a
    limit was not served, so it counts against it. The error rate counts failures alone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values = {name: deque[tuple[datetime, float]](maxlen=size) for name, size in SIZES.items()}

    def add_request(self, *, asked_at: datetime, outcome: str, total_ms: float, context_quality: float | None) -> None:
        """Take one request in; a cancelled one counts nowhere, a refused one has no response time."""
        if outcome == "cancelled":
            return
        with self._lock:
            self._values["success_rate"].append((asked_at, float(outcome in SUCCESSES)))
            self._values["error_rate"].append((asked_at, float(outcome == "error")))
            if outcome != "refused":
                self._values["response_ms"].append((asked_at, total_ms))
            if context_quality is not None:
                self._values["context_quality"].append((asked_at, context_quality))

    def restore(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in requests that the store kept, oldest first."""
        for row in rows:
            self.add_request(**{name: row[name] for name in ("asked_at", "outcome", "total_ms", "context_quality")})

    def figures(self, now: datetime) -> dict[str, WindowFigure]:
        """Every window's mean over the requests of the last hour. One dated in the future counts: the clock was set back."""
        with self._lock:
            kept = {name: [v for at, v in values if at >= now - FRESH] for name, values in self._values.items()}
        return {
            name: WindowFigure(value=sum(values) / len(values) if values else None, samples=len(values))
            for name, values in kept.items()
        }
