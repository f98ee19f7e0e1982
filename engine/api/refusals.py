"""Refused access in the audit trail: the first of each kind at once, then one entry in ten minutes with their number.

So a flood of refusals is seen, and cannot fill the store.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from engine.errors import StoreError
from engine.store import AuditTrail, Store

SILENT_S = 600.0
LONGEST_PATH = 120
_log = logging.getLogger(__name__)


class RefusalLog:
    """Counts refusals by kind and writes them down now and then."""

    def __init__(self, store: Callable[[], Store], clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._written: dict[str, float] = {}
        self._missed: dict[str, int] = {}

    def count(self, kind: str) -> int | None:
        """Note a refusal. How many of the kind went unwritten before it, when this one is to be written; else None."""
        with self._lock:
            now = self._clock()
            if now - self._written.get(kind, -SILENT_S) < SILENT_S:
                self._missed[kind] = self._missed.get(kind, 0) + 1
                return None
            self._written[kind] = now
            return self._missed.pop(kind, 0)

    def write(self, kind: str, address: str, path: str, missed: int) -> None:
        """Add the entry. A store out of reach must not turn a refusal into another error."""
        after = {"address": address, "path": path[:LONGEST_PATH], "refused_since_the_last_entry": missed}
        try:
            AuditTrail(self._store()).record_entry(f"address {address}", "access refused", f"api/{kind}", after=after)
        except StoreError as error:
            _log.warning("a refused access was not written down: %s", type(error).__name__)
