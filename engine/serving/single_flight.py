"""One computation for identical questions at the same time: the first asker leads, the others wait for what it finds.

An error of the leader is the error of those who waited: they asked the same at the same moment, and asking a provider that just
failed once more for each of them would be a stampede. A leader that is cancelled hands over to one that waits. Nothing is
kept after the last one has its answer.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import Future
from typing import TypeVar

from engine.serving.cache_counts import CacheCounts

T = TypeVar("T")


class _LeftError(Exception):
    """The leader went away without an answer."""


class SingleFlight:
    """Questions in flight, by key. Threads and coroutines, of any loop, join each other.

    Args:
        counts: where ``joined`` is counted, with the time that each one who joined did not compute.
    """

    def __init__(self, counts: CacheCounts | None = None) -> None:
        self.counts = counts or CacheCounts("memory")
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Future[object]] = {}

    def __len__(self) -> int:
        """How many questions are in flight."""
        return len(self._flights)

    async def run(
        self, key: Hashable, make: Callable[[], Awaitable[T]], join: Callable[[T], T] = lambda value: value
    ) -> T:
        """What ``make`` gives, computed once for all who ask for ``key`` now.

        Args:
            join: what one who waited gets, made of what the leader found.

        Raises:
            Exception: whatever ``make`` raises, for the leader and for those who waited.
        """
        while True:
            flight, leads = self._take_off(key)
            if leads:
                try:
                    value = await make()
                except BaseException as error:
                    self._land(key, flight, error)
                    raise
                self._land(key, flight, None, value)
                return value
            try:
                found = await asyncio.shield(asyncio.wrap_future(flight))
            except _LeftError:
                continue
            self.counts.add("joined")
            return join(found)  # type: ignore[arg-type]

    def run_sync(self, key: Hashable, make: Callable[[], T], join: Callable[[T], T] = lambda value: value) -> T:
        """As ``run``, for a thread. Not for the thread of an event loop, which it would hold up."""
        while True:
            flight, leads = self._take_off(key)
            if leads:
                try:
                    value = make()
                except BaseException as error:
                    self._land(key, flight, error)
                    raise
                self._land(key, flight, None, value)
                return value
            try:
                found = flight.result()
            except _LeftError:
                continue
            self.counts.add("joined")
            return join(found)  # type: ignore[arg-type]

    def _take_off(self, key: Hashable) -> tuple[Future[object], bool]:
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = Future()
            return flight, True

    def _land(self, key: Hashable, flight: Future[object], error: BaseException | None, value: object = None) -> None:
        with self._lock:
            del self._flights[key]
        if error is None:
            flight.set_result(value)
        else:
            flight.set_exception(error if isinstance(error, Exception) else _LeftError())
