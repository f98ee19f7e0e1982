"""Results of the lab's stages, kept by what they depend on: a slider of a later stage does not run an earlier one."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class StageCache:
    """The last few results of each stage. Safe to use from several threads."""

    def __init__(self, kept: int = 6) -> None:
        self._kept = kept
        self._results: dict[str, OrderedDict[Hashable, Any]] = {}
        self._lock = threading.Lock()

    def get(self, stage: str, key: Hashable, make: Callable[[], Any]) -> Any:
        """The stage's result for the key, made when it is not at hand."""
        with self._lock:
            results = self._results.setdefault(stage, OrderedDict())
            if key in results:
                results.move_to_end(key)
                return results[key]
        made = make()
        with self._lock:
            results[key] = made
            while len(results) > self._kept:
                results.popitem(last=False)
        return made


class Clock:
    """Milliseconds between laps, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End a lap."""
        now = time.perf_counter()
        self.laps[name] = round(1000 * (now - self._last), 3)
        self._last = now
