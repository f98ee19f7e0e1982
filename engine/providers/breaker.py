"""A circuit breaker: a provider that keeps failing is left alone for a while, then asked once to see whether it is back.

closed ──(at least 5 of the last 10 calls failed, none longer ago than 30 s)──► open
open ──(the cool-down is over)──► half_open: one call goes through
half_open ──(it goes well)──► closed        half_open ──(it fails)──► open
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.errors import ProviderError
from engine.telemetry import RECORDER, BreakerChange

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"
DUE = "due"
"""Open, and its cool-down is over: the next call is let through as its probe. No breaker is in this state; it is read so."""
FAILURES = 5
OF_LAST = 10
WINDOW_S = 30.0
COOL_DOWN_S = 10.0
CHANGES_KEPT = 50
BREAKER_OPEN = "BreakerOpen"


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When a breaker opens and for how long.

    Attributes:
        failures: that many of the ``of_last`` calls that ended last, within ``window_s``, open it. A share of all calls of
            the window would not notice for long that a busy provider has died.
        cool_down_s: seconds for which it stays open.
    """

    failures: int = FAILURES
    of_last: int = OF_LAST
    window_s: float = WINDOW_S
    cool_down_s: float = COOL_DOWN_S


def read_state(state: str, changed_at: datetime | None, now: datetime) -> str:
    """What a recorded state means at ``now``: ``DUE`` for one that opened longer ago than a cool-down, else as recorded.

    A breaker notices that its cool-down is over when it is asked, and a process that ended does not notice at all.
    """
    over = changed_at is not None and now - changed_at >= timedelta(seconds=COOL_DOWN_S)
    return DUE if state == OPEN and over else state


class Permit:
    """Leave to make one call. Exactly one of the three ends it; later ones change nothing."""

    def __init__(self, breaker: CircuitBreaker, probe: bool) -> None:
        self._breaker, self.probe, self._ended = breaker, probe, False

    def succeed(self) -> None:
        """The call went well."""
        self._end("")

    def fail(self, reason: str) -> None:
        """The call failed in a way that says something of the provider."""
        self._end(reason or "failed")

    def release(self) -> None:
        """The call says nothing of the provider: it was cancelled, or its request was at fault."""
        self._end(None)

    def _end(self, reason: str | None) -> None:
        if not self._ended:
            self._ended = True
            self._breaker._settle(self, reason)


class CircuitBreaker:
    """The breaker of one provider. Safe to use from threads and tasks; its clock never jumps.

    Args:
        clock: seconds that only grow (``time.monotonic``): a machine's clock that is set anew changes nothing.
    """

    def __init__(
        self, provider: str, rule: BreakerRule | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.provider, self.rule = provider, rule or BreakerRule()
        self._clock = clock
        self._lock = threading.Lock()
        self._state = CLOSED
        self._opened_at = 0.0
        self._probing: Permit | None = None
        self._ended: deque[tuple[float, bool]] = deque(maxlen=self.rule.of_last)
        self._changes: deque[BreakerChange] = deque(maxlen=CHANGES_KEPT)

    @property
    def state(self) -> str:
        """closed, open or half_open."""
        return self._state

    def admit(self) -> Permit | None:
        """Leave to call, or None while the breaker is open or its probe is under way."""
        with self._lock:
            if self._state == OPEN and self._clock() - self._opened_at >= self.rule.cool_down_s:
                self._change(HALF_OPEN, f"{self.rule.cool_down_s:g} s have passed")
            if self._state == CLOSED:
                return Permit(self, probe=False)
            if self._state == HALF_OPEN and self._probing is None:
                self._probing = Permit(self, probe=True)
                return self._probing
            return None

    def seconds_left(self) -> float:
        """Until it lets a probe through; 0.0 when it does now, or is closed."""
        with self._lock:
            if self._state != OPEN:
                return 0.0
            return max(0.0, self.rule.cool_down_s - (self._clock() - self._opened_at))

    def describe(self) -> dict[str, Any]:
        """``state``, ``seconds_left``, ``failures`` and ``calls`` of those counted last, and ``changes``, oldest first."""
        left = self.seconds_left()
        with self._lock:
            self._forget_old()
            return {
                "state": self._state,
                "seconds_left": round(left, 1),
                "failures": sum(not well for _, well in self._ended),
                "calls": len(self._ended),
                "changes": [
                    {"changed_at": change.changed_at, "state": change.state, "reason": change.reason}
                    for change in self._changes
                ],
            }

    def _settle(self, permit: Permit, reason: str | None) -> None:
        with self._lock:
            if permit is self._probing:
                self._probing = None
                if reason is None:
                    return  # the next call probes instead
                if reason:
                    self._open(reason)
                else:
                    self._ended.clear()
                    self._change(CLOSED, "the probe went well")
                return
            if reason is None or self._state != CLOSED:
                return  # a call from before it opened says nothing new
            self._ended.append((self._clock(), not reason))
            self._forget_old()
            failed = sum(not well for _, well in self._ended)
            if reason and failed >= self.rule.failures:
                self._open(f"{failed} of the last {len(self._ended)} calls failed, the last one with {reason}")

    def _open(self, reason: str) -> None:
        self._opened_at = self._clock()
        self._ended.clear()
        self._change(OPEN, reason)

    def _forget_old(self) -> None:
        oldest = self._clock() - self.rule.window_s
        while self._ended and self._ended[0][0] < oldest:
            self._ended.popleft()

    def _change(self, state: str, reason: str) -> None:
        self._state = state
        now = datetime.now(UTC).replace(tzinfo=None)
        change = BreakerChange(provider=self.provider, changed_at=now, state=state, reason=reason)
        self._changes.append(change)
        RECORDER.get().record_breaker(change)


def refuse_call(model: str, breaker: CircuitBreaker, advice: str) -> ProviderError:
    """The error of a call that an open breaker does not let through."""
    left = breaker.seconds_left()
    return ProviderError(
        f"The model {model} failed too often and is left alone"
        + (f" for another {left:.0f} s." if left else " until it has been tried."),
        advice,
        fails_over=True,
        kind=BREAKER_OPEN,
        retry_after_s=left,
    )
