"""What the app lets go of when memory or disk run short, before the kernel or a failed write decide for it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

import psutil

from engine.operations.alert_readings import GB
from engine.operations.alert_rules import load_rules
from engine.operations.memory import MB
from engine.operations.recovery import record_recovery
from engine.store import Store

PAUSE_S = 300.0
"""Caches are not cleared again before they could be of use."""
IDLE_PAUSE_S = 3600.0
"""Nor so soon where clearing them freed next to nothing: they are not what takes the memory."""
LEAST_FREED = 0.02
"""Of what was held."""


class PressureWatch:
    """Compares memory and disk with the thresholds of their alert rules.

    Args:
        clear_caches: frees memory that can be made again.
        hold_writes: told True when the disk runs low (caches must not grow on it), False when there is room again.
    """

    def __init__(
        self,
        store: Store,
        clear_caches: Callable[[], None],
        hold_writes: Callable[[bool], None],
        *,
        read_memory_mb: Callable[[], float] | None = None,
        read_free_gb: Callable[[], float] | None = None,
    ) -> None:
        process = psutil.Process()
        self._store = store
        self._clear_caches, self._hold_writes = clear_caches, hold_writes
        self._read_memory = read_memory_mb or (lambda: process.memory_info().rss / MB)
        self._read_free = read_free_gb or (lambda: shutil.disk_usage(store.home).free / GB)
        self._clear_again_at = float("-inf")
        self._low = False

    def check(self) -> None:
        """Let go, or take up again."""
        rules = load_rules(self._store)
        before = self._read_memory()
        memory = rules["memory_mb"]
        if memory.is_bad(before) and time.monotonic() >= self._clear_again_at:
            self._clear_caches()
            freed = before - self._read_memory()
            pause = PAUSE_S if freed >= LEAST_FREED * before else IDLE_PAUSE_S
            self._clear_again_at = time.monotonic() + pause
            self._record(
                "memory",
                "caches cleared",
                f"{before:,.0f} MB held, limit {memory.threshold:,.0f}; {max(0.0, freed):,.0f} MB freed",
            )
        disk, free = rules["disk_free_gb"], self._read_free()
        if not self._low and disk.is_bad(free):
            self._low = True
            self._hold_writes(True)
            self._record("disk", "caches no longer written", f"{free:.2f} GB free, expected {disk.threshold:g}")
        elif self._low and disk.is_clear(free):
            self._low = False
            self._hold_writes(False)
            self._record("disk", "caches written again", f"{free:.2f} GB free", "recovered")

    def _record(self, component: str, action: str, reason: str, outcome: str = "degraded") -> None:
        record_recovery(self._store, component=component, subject="app", action=action, outcome=outcome, reason=reason)
