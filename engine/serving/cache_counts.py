"""What a cache tier did, counted since its start and told to whoever records."""

from __future__ import annotations

import threading

from engine.telemetry import RECORDER, CacheEvent

EVENTS = ("hit", "miss", "stale", "evicted", "stored", "joined")


class CacheCounts:
    """Counts of one tier. Safe to use from several threads."""

    def __init__(self, tier: str) -> None:
        self.tier = tier
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(EVENTS, 0)
        self._saved_ms = self._saved_usd = 0.0

    def add(self, event: str, saved_ms: float = 0.0, saved_usd: float = 0.0, count: int = 1) -> None:
        """Count ``count`` events of one of ``EVENTS`` and tell the recorder of this context."""
        with self._lock:
            self._counts[event] += count
            self._saved_ms += saved_ms
            self._saved_usd += saved_usd
        event_record = CacheEvent(tier=self.tier, event=event, saved_ms=saved_ms, saved_usd=saved_usd, count=count)
        RECORDER.get().record_cache(event_record)

    def as_json(self) -> dict[str, float | int | None]:
        """Count by event, ``hit_rate`` (None before the first question), ``saved_ms`` and ``saved_usd``."""
        with self._lock:
            counts, saved_ms, saved_usd = dict(self._counts), self._saved_ms, self._saved_usd
        asked = counts["hit"] + counts["miss"]
        rate = counts["hit"] / asked if asked else None
        return {**counts, "hit_rate": rate, "saved_ms": round(saved_ms, 3), "saved_usd": saved_usd}
