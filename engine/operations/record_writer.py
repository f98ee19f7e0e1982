"""Records on their way to the store: a bounded buffer, emptied every second by one thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import PhasegateError
from engine.store import Store, open_store
from engine.store.failures import StatementError
from engine.store.requests import RequestStore

BUFFERED = 10_000
FLUSH_SECONDS = 1.0
CLOSE_SECONDS = 5.0

log = logging.getLogger("phasegate.records")


class RecordWriter:
    """Takes rows without waiting; while the store is out of reach they wait, beyond the bound the newest are dropped."""

    def __init__(self, home: Path, buffered: int = BUFFERED) -> None:
        self._home = home
        self._buffered = buffered
        self._rows: deque[tuple[str, Mapping[str, Any]]] = deque()
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._store: Store | None = None
        self.dropped: Counter[str] = Counter()
        """Rows lost, by table: beyond the bound, or with a value that the store does not take."""
        self.failures = 0
        """Attempts at writing that failed; their rows wait for the next one."""
        self.problem = ""
        """Why the last attempt failed; empty when it went well."""

    @property
    def waiting(self) -> int:
        """Rows in the buffer."""
        return len(self._rows)

    def add(self, table: str, row: Mapping[str, Any]) -> None:
        """Buffer a row; counted as dropped when the buffer is full or the writer closed."""
        with self._lock:
            if self._stop.is_set() or len(self._rows) >= self._buffered:
                self.dropped[table] += 1
                return
            self._rows.append((table, row))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="record-writer", daemon=True)
                self._thread.start()

    def flush(self) -> bool:
        """Write what waits, now. False when the store did not take it; the rows then wait on."""
        with self._flushing:
            with self._lock:
                rows = list(self._rows)
            if not rows:
                return True
            try:
                self._write(rows)
            except (PhasegateError, OSError) as error:
                # Nothing is taken out of the buffer: a row that did arrive is left alone by the next attempt.
                self.failures += 1
                if not self.problem:
                    log.warning("records wait for the store: %s", error)
                self.problem = str(error)
                return False
            self.problem = ""
            with self._lock:
                for _ in rows:
                    self._rows.popleft()
            return True

    def close(self) -> None:
        """Write what waits, within five seconds, and end; what could not be written is counted as dropped."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_SECONDS)
        with self._lock:
            left = Counter(table for table, _ in self._rows)
        if left:
            self.dropped.update(left)
            log.warning("%d records were lost at the end: %s", left.total(), self.problem or "no time left")

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(FLUSH_SECONDS)
            self._flush_safely()
        self._flush_safely()
        if self._store is not None:
            self._store.close()

    def _flush_safely(self) -> None:
        try:
            self.flush()
        except Exception:  # the top of a job: a row that trips us must not hold up all that come after it
            log.exception("records could not be written and are dropped")
            with self._lock:
                self.dropped.update(table for table, _ in self._rows)
                self._rows.clear()

    def _write(self, rows: list[tuple[str, Mapping[str, Any]]]) -> None:
        if self._store is None:
            self._store = open_store(self._home)
        store = RequestStore(self._store)
        for table in dict.fromkeys(table for table, _ in rows):
            self._write_rows(store, table, [row for name, row in rows if name == table])

    def _write_rows(self, store: RequestStore, table: str, rows: list[Mapping[str, Any]]) -> None:
        """In halves where one row holds what no column takes: the others are still good."""
        try:
            store.add_rows(table, rows)
        except (ValueError, TypeError, StatementError) as error:
            if len(rows) == 1:
                self.dropped[table] += 1
                log.warning("a record for %s cannot be kept: %s", table, error)
                return
            self._write_rows(store, table, rows[: len(rows) // 2])
            self._write_rows(store, table, rows[len(rows) // 2 :])
