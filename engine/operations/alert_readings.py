"""What the alert rules watch, read now: requests of all processes from the store, the rest from this one."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

import psutil

from engine.errors import StoreError
from engine.operations.alert_states import Reading
from engine.operations.memory import MB
from engine.operations.metrics import ServingRecorder
from engine.operations.windows import RollingWindows
from engine.store import Store
from engine.store.requests import RequestStore

DOWN_WITHIN = timedelta(minutes=5)
DOWN_CALLS = 3
FORGOTTEN = timedelta(hours=1)
"""A breaker that opened longer ago belongs to a provider that nobody asks any more: one that is asked half opens again."""
GB = 1024**3


class AlertReader:
    """Reads every rule's value."""

    def __init__(self, store: Store, recorder: ServingRecorder) -> None:
        self._store = store
        self._recorder = recorder
        self._process = psutil.Process()
        self._dropped = recorder.writer.dropped.total()

    def read(self, now: datetime) -> dict[str, Reading]:
        """Readings by the rule's name."""
        dropped = self._recorder.writer.dropped.total()
        lost, self._dropped = dropped - self._dropped, dropped
        open_breakers = [
            name
            for name, change in self._recorder.breakers.items()
            if change.state == "open" and now - change.changed_at < FORGOTTEN
        ]
        free = shutil.disk_usage(self._recorder.home).free / GB
        return {
            **self._read_windows(now),
            "memory_mb": Reading(value=self._process.memory_info().rss / MB),
            "breaker_open": Reading(value=len(open_breakers), detail=", ".join(open_breakers)),
            "provider_down": self._read_providers(now),
            "disk_free_gb": Reading(value=free, detail=str(self._recorder.home)),
            "records_dropped": Reading(value=lost, detail=self._recorder.writer.problem),
        }

    def _read_windows(self, now: datetime) -> dict[str, Reading]:
        windows = RollingWindows()
        try:
            windows.restore(RequestStore(self._store).load_latest(now=now))
        except StoreError:
            windows = self._recorder.windows  # this process's own requests are known without the store
        return {name: Reading(value=f.value, samples=f.samples) for name, f in windows.figures(now).items()}

    def _read_providers(self, now: datetime) -> Reading:
        try:
            calls = RequestStore(self._store).find_down_providers(now - DOWN_WITHIN, DOWN_CALLS)
        except StoreError:
            return Reading(value=None)
        down = [f"{name}: {row['last_outcome']}" for name, row in calls.items() if row["failed"] == row["calls"]]
        return Reading(value=len(down), detail=", ".join(down))
