"""A cache in memory: least recently used first out, bounded by entries and bytes, with an age at which it is not used."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from cachetools import Cache, LRUCache

from engine.serving.cache_counts import CacheCounts


@dataclass(frozen=True, slots=True)
class _Entry:
    value: Any
    size: int
    kept_at: float
    saved_ms: float
    saved_usd: float


class BoundedCache:
    """One tier in memory. Safe to use from several threads; what it does is counted and told to the recorder.

    Args:
        tier: its name in events and figures.
        entries, largest_bytes: what it holds at most; an entry that is larger than the tier by itself is not kept.
        ttl_s: age in seconds from which an entry is not found any more; None for no such age.
        clock: seconds that never run backwards, so that a change of the machine's time ages nothing.
    """

    def __init__(
        self,
        tier: str,
        entries: int,
        largest_bytes: int,
        ttl_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tier, self.entries, self.largest_bytes, self.ttl_s = tier, entries, largest_bytes, ttl_s
        self.counts = CacheCounts(tier)
        self._clock = clock
        self._lock = threading.Lock()
        self._cache = _CountingCache(largest_bytes)

    def find(self, key: Hashable, is_current: Callable[[Any], bool] = lambda value: True) -> Any | None:
        """The value, or None when there is none that is fresh. Counts a hit with what it saves, or a miss.

        Args:
            is_current: whether the value is still right; one that is not, or is past its time, counts as stale and missed.
        """
        with self._lock:
            entry = self._cache.get(key)
        if entry is None:
            self.counts.add("miss")
            return None
        past = self.ttl_s is not None and self._clock() - entry.kept_at >= self.ttl_s
        if past or not is_current(entry.value):
            self.counts.add("stale")
            self.counts.add("miss")
            return None
        self.counts.add("hit", entry.saved_ms, entry.saved_usd)
        return entry.value

    def peek(self, key: Hashable) -> tuple[Any, float] | None:
        """The value, fresh or not, and its age in seconds. Counts nothing and keeps the order of use."""
        with self._lock:
            entry = self._cache.peek(key)
        return (entry.value, self._clock() - entry.kept_at) if entry else None

    def keep(
        self,
        key: Hashable,
        value: Any,
        size: int,
        *,
        saved_ms: float = 0.0,
        saved_usd: float = 0.0,
        age_s: float = 0.0,
    ) -> bool:
        """Hold a value of ``size`` bytes, and let the least recently used ones go for it.

        Args:
            saved_ms, saved_usd: what finding it saves.
            age_s: how old it is already.

        Returns:
            whether it is held: not what is larger than the whole tier.
        """
        if size > self.largest_bytes or self.entries < 1:
            return False
        with self._lock:
            before = self._cache.evicted
            self._cache[key] = _Entry(value, size, self._clock() - age_s, saved_ms, saved_usd)
            while len(self._cache) > self.entries:
                self._cache.popitem()
            evicted = self._cache.evicted - before
        self.counts.add("stored")
        if evicted:
            self.counts.add("evicted", count=evicted)
        return True

    def drop(self, unwanted: Callable[[Any], bool]) -> int:
        """Let go of the values that ``unwanted`` says; how many there were."""
        with self._lock:
            keys = [key for key in self._cache if unwanted(self._cache.peek(key).value)]
            for key in keys:
                del self._cache[key]
        return len(keys)

    def clear(self) -> int:
        """Let go of everything; how many entries there were. The counts stay."""
        return self.drop(lambda _: True)

    def describe(self) -> dict[str, Any]:
        """Counts since the start, and ``entries``, ``bytes`` and their bounds now."""
        with self._lock:
            held = {"entries": len(self._cache), "bytes": int(self._cache.currsize)}
        return {
            **self.counts.as_json(),
            **held,
            "most_entries": self.entries,
            "most_bytes": self.largest_bytes,
            "ttl_s": self.ttl_s,
        }


class _CountingCache(LRUCache):  # type: ignore[type-arg]
    """Counts what it lets go to make room. An entry that replaces another of its key is no eviction."""

    def __init__(self, largest: int) -> None:
        super().__init__(largest, getsizeof=lambda entry: max(1, entry.size))
        self.evicted = 0

    def popitem(self) -> tuple[Any, Any]:
        self.evicted += 1
        return super().popitem()

    def peek(self, key: Hashable) -> _Entry | None:
        """The entry, without counting as its use."""
        return Cache.__getitem__(self, key) if key in self else None
