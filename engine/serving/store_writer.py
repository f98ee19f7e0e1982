"""Writes to the store behind the answer's back: a durable write takes longer than an answer from memory may."""

from __future__ import annotations

import atexit
import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any

from engine.errors import PhasegateError

Row = dict[str, Any]
# Rows that wait at most; beyond, the oldest are dropped: what is not kept is only computed again.
WAITING = 500


class StoreWriter:
    """Collects rows and writes them together from a thread of its own, which ends when nothing has come for a while.

    Args:
        write: one durable write of some rows.
        tend: done after a write, at most once a minute.
        pause_s: how long rows are collected before they are written.
    """

    def __init__(
        self, write: Callable[[list[Row]], None], tend: Callable[[], None], pause_s: float = 0.2, idle_s: float = 5.0
    ) -> None:
        self._write, self._tend, self._pause_s, self._idle_s = write, tend, pause_s, idle_s
        self._changed = threading.Condition()
        self._rows: list[Row] = []
        self._writing = False
        self._thread: threading.Thread | None = None
        self._tended = float("-inf")
        self._hurried = self._closed = False
        self.failure = ""
        """Why the last write failed; empty when it went well."""

    def add(self, row: Row) -> None:
        """Have a row written soon. After ``close`` it is dropped."""
        with self._changed:
            if self._closed:
                return
            self._rows.append(row)
            del self._rows[:-WAITING]
            if self._thread is None:
                work = contextvars.copy_context().run  # what tending does is told to the recorder of the one who asked
                self._thread = threading.Thread(target=work, args=(self._work,), name="answer-cache", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until everything that came before is written, or has failed."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._rows and not self._writing)
            self._hurried = False

    def drop(self, unwanted: Callable[[Row], bool]) -> None:
        """Forget rows that wait, then wait for a write under way, so that a deletion after it finds them all."""
        with self._changed:
            self._rows = [row for row in self._rows if not unwanted(row)]
            self._changed.wait_for(lambda: not self._writing)

    def close(self) -> None:
        """Write what waits and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        atexit.unregister(self.close)

    def _work(self) -> None:
        while True:
            with self._changed:
                arrived = self._changed.wait_for(lambda: self._rows or self._closed, self._idle_s)
                if not self._rows and (self._closed or not arrived):
                    self._thread = None
                    return
                self._changed.wait_for(lambda: self._closed or self._hurried, self._pause_s)
                rows, self._rows, self._writing = self._rows, [], True
            try:
                if rows:
                    self._write(rows)
                if time.monotonic() - self._tended > 60:
                    self._tended = time.monotonic()
                    self._tend()
                self.failure = ""
            except PhasegateError as error:
                self.failure = error.message
            finally:
                with self._changed:
                    self._writing = False
                    self._changed.notify_all()
