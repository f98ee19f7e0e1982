"""How much is worked on at once: a fixed number of slots, a bounded queue before them, and a clear no beyond it.

One gate serves threads and coroutines of any loop, first come, first served. A slot that is given back goes straight to
the one who has waited longest; a waiter who leaves (cancelled, timed out, its loop closed) leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from engine.errors import LimitError

FIRST_GUESS_S = 1.0
SMOOTHING = 0.1
"""Weight of the newest service time in their running mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionState:
    """The gate at one moment. ``service_s``: the running mean of how long a slot is held; None before the first."""

    active: int
    waiting: int
    concurrency: int
    queue: int
    admitted: int
    refused: int
    service_s: float | None


class Admission:
    """Slots and a queue.

    Args:
        concurrency: slots.
        queue: how many may wait; the next one is refused at once.
        wait_s: the longest wait.
    """

    def __init__(
        self, concurrency: int = 10, queue: int = 100, wait_s: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if concurrency < 1 or queue < 0:
            raise ValueError("at least one slot, and a queue of at least 0")
        self.concurrency, self.queue, self.wait_s = concurrency, queue, wait_s
        self._clock = clock
        self._lock = threading.Lock()
        self._active = 0
        self._waiting: deque[_Ticket] = deque()
        self._service_s: float | None = None
        self._admitted = 0
        self._refused = 0

    def slot(self) -> _Slot:
        """A slot for the block: ``with`` from a thread, ``async with`` from a coroutine.

        Raises:
            LimitError: on entering, when the queue is full or the wait was too long; ``retry_after_s`` says when the queue
                should have been worked off.
        """
        return _Slot(self)

    def describe(self) -> AdmissionState:
        """How it stands now."""
        with self._lock:
            return AdmissionState(
                active=self._active,
                waiting=len(self._waiting),
                concurrency=self.concurrency,
                queue=self.queue,
                admitted=self._admitted,
                refused=self._refused,
                service_s=self._service_s,
            )

    def _ask(self, wake: Callable[[], None]) -> _Ticket:
        """A ticket that has its slot already, or waits in the queue."""
        with self._lock:
            if self._active < self.concurrency:
                self._active += 1
                self._admitted += 1
                return _Ticket(wake, granted=True)
            if len(self._waiting) >= self.queue:
                raise self._refuse("all slots are taken and the queue is full")
            ticket = _Ticket(wake, granted=False)
            self._waiting.append(ticket)
            return ticket

    def _leave(self, ticket: _Ticket, *, timed_out: bool) -> bool:
        """Take a waiter out who has had enough. False when it got a slot in the meantime, which it may then use."""
        with self._lock:
            if ticket.granted:
                return False
            self._waiting.remove(ticket)
            if timed_out:
                self._refused += 1
            return True

    def _release(self, held_s: float | None) -> None:
        """Give a slot on to the next in the queue. ``held_s``: None when nothing was done in it."""
        with self._lock:
            if held_s is not None:
                before = held_s if self._service_s is None else self._service_s
                self._service_s = before + SMOOTHING * (held_s - before)
            while self._waiting:
                ticket = self._waiting.popleft()
                ticket.granted = True
                try:
                    ticket.wake()
                except RuntimeError:  # its loop is closed: nobody is left to use the slot
                    continue
                self._admitted += 1
                return
            self._active -= 1

    def _refuse(self, what: str) -> LimitError:
        self._refused += 1
        return self._busy(what)

    def _busy(self, what: str) -> LimitError:
        service = FIRST_GUESS_S if self._service_s is None else self._service_s
        seconds = max(1, math.ceil(service * (len(self._waiting) + 1) / self.concurrency))
        return LimitError(
            f"Busy: {what} ({self._active} at work, {len(self._waiting)} waiting); retry after {seconds} s.",
            f"Ask again in {seconds} s.",
            retry_after_s=seconds,
        )


class _Ticket:
    __slots__ = ("granted", "wake")

    def __init__(self, wake: Callable[[], None], *, granted: bool) -> None:
        self.wake = wake
        self.granted = granted


class _Slot:
    """One use of the gate; not to be entered twice."""

    def __init__(self, gate: Admission) -> None:
        self._gate = gate
        self._entered = 0.0

    def __enter__(self) -> None:
        gate, woken = self._gate, threading.Event()
        ticket = gate._ask(woken.set)
        if not ticket.granted:
            try:
                woken.wait(gate.wait_s)
            except BaseException:  # an interrupt while waiting
                self._abandon(ticket)
                raise
            self._check_turn(ticket)
        self._entered = gate._clock()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate._release(self._gate._clock() - self._entered)

    async def __aenter__(self) -> None:
        gate, loop = self._gate, asyncio.get_running_loop()
        woken = asyncio.Event()
        ticket = gate._ask(lambda: _wake(loop, woken))
        if not ticket.granted:
            try:
                async with asyncio.timeout(gate.wait_s):
                    await woken.wait()
            except TimeoutError:
                pass  # the turn may have come at the same moment: the ticket says
            except BaseException:  # cancelled while waiting
                self._abandon(ticket)
                raise
            self._check_turn(ticket)
        self._entered = gate._clock()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate._release(self._gate._clock() - self._entered)

    def _check_turn(self, ticket: _Ticket) -> None:
        if self._gate._leave(ticket, timed_out=True):
            with self._gate._lock:
                raise self._gate._busy(f"no slot came free within {self._gate.wait_s:g} s")

    def _abandon(self, ticket: _Ticket) -> None:
        if not self._gate._leave(ticket, timed_out=False):
            self._gate._release(None)


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    loop.call_soon_threadsafe(woken.set)
