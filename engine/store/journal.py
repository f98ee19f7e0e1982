"""Writes in the background, in batches, so that recording a case costs the runner next to nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from engine.errors import PhasegateError
from engine.store.failures import StatementError

Item = TypeVar("Item")
MAX_DELAY = 0.2


class BatchWriter(Generic[Item]):
    """Hands what was put to ``write`` in order, from a thread of its own.

    What comes after a pause is written at once, the rest together at most ``MAX_DELAY`` seconds later. When a write
    fails, the next ``put`` or ``flush`` raises the error, and the one after that tries the same items again; only an
    item that the store refuses for its contents is given up.
    """

    def __init__(self, write: Callable[[Sequence[Item]], None], max_delay: float = MAX_DELAY) -> None:
        self._write = write
        self._max_delay = max_delay
        self._state = threading.Condition()
        self._waiting: list[Item] = []
        self._in_flight = 0
        self._hurry = False
        self._closing = False
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None

    def put(self, item: Item) -> None:
        """Queue an item. Raises what the writer ran into before; the item is queued nevertheless."""
        with self._state:
            self._waiting.append(item)
            error = self._take_error()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="store-journal", daemon=True)
                self._thread.start()
            self._state.notify_all()
        if error:
            raise error

    def flush(self) -> None:
        """Wait until all that was put is durable. Raises what the writer ran into."""
        with self._state:
            self._hurry = True
            self._state.notify_all()
            while (self._waiting or self._in_flight) and self._error is None:
                self._state.wait()
            self._hurry = False
            error = self._take_error()
        if error:
            raise error

    def close(self) -> None:
        """Flush and end the thread, also when the flush fails."""
        try:
            self.flush()
        finally:
            with self._state:
                self._closing = True
                self._state.notify_all()
            if self._thread is not None:
                self._thread.join()
                self._thread = None
            self._closing = False

    def _take_error(self) -> Exception | None:
        error, self._error = self._error, None
        if error:
            self._state.notify_all()
        return error

    def _work(self) -> None:
        written_at = -self._max_delay
        while True:
            with self._state:
                if not self._wait_for_work(written_at):
                    return
                batch, self._waiting = self._waiting, []
                self._in_flight = len(batch)
            left: list[Item] = batch
            failure: Exception | None = RuntimeError("The journal's thread ended.")
            try:
                left, failure = self._write_batch(batch)
            finally:
                with self._state:
                    self._in_flight = 0
                    self._waiting = [*left, *self._waiting]
                    self._error = failure or self._error
                    self._state.notify_all()
            written_at = time.monotonic()

    def _write_batch(self, batch: list[Item]) -> tuple[list[Item], Exception | None]:
        """What could not be written and may be tried again, and the error. A refused item is dropped, alone."""
        try:
            self._write(batch)
        except (StatementError, ValueError, TypeError) as error:
            if len(batch) == 1:
                return [], error
            middle = len(batch) // 2
            left, first = self._write_batch(batch[:middle])
            more, second = self._write_batch(batch[middle:])
            return left + more, first or second
        except PhasegateError as error:
            return batch, error
        return [], None

    def _wait_for_work(self, written_at: float) -> bool:
        """Wait for a batch that is due; False when the writer is to end."""
        while True:
            if self._closing:
                return False
            due = written_at + self._max_delay - time.monotonic()
            if self._waiting and self._error is None and (self._hurry or due <= 0):
                return True
            self._state.wait(timeout=due if self._waiting and self._error is None and due > 0 else None)
