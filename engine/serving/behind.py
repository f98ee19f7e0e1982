"""Work that no answer waits for: done one after another in a thread of its own, behind the reply."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any


class Behind:
    """Does things in the order in which they came. Safe to use from several threads.

    Args:
        name: of its thread, which begins with the first thing to do.
        pause_s: how long it lets the reply go first, unless something else waits already.
    """

    def __init__(self, name: str, pause_s: float = 0.005) -> None:
        self._pause_s = pause_s
        self._hurried = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._pending: set[Future[None]] = set()
        self.closed = False
        self.failure = ""
        """Why the last thing that failed did; empty while nothing has."""

    def do(self, work: Callable[..., None], *args: Any) -> None:
        """Have something done soon, in the context of the caller. After ``close`` it is dropped."""
        if self.closed:
            return
        done = self._thread.submit(self._work, contextvars.copy_context().run, work, *args)
        self._pending.add(done)
        done.add_done_callback(self._note)

    def wait(self) -> None:
        """Wait until everything that came before is done."""
        if not self._pending:
            return
        self._hurried.set()
        for done in wait(tuple(self._pending)).done:
            self._note(done)
        self._hurried.clear()

    def close(self) -> None:
        """Do what waits, and nothing any more."""
        self.closed = True
        self._hurried.set()
        self._thread.shutdown()

    def _work(self, run: Callable[..., None], *args: Any) -> None:
        if len(self._pending) < 2:
            self._hurried.wait(self._pause_s)
        run(*args)

    def _note(self, done: Future[None]) -> None:
        self._pending.discard(done)
        if error := done.exception():
            self.failure = f"{type(error).__name__}: {error}"
