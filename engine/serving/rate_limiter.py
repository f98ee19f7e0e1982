"""Paces calls to providers, and slows down while they fail or are slow: waits grow up to threefold, then recover.

Pressure is what the recent calls say: more than one in ten failed, or their mean round trip is over five seconds. Under
pressure each bad call stretches the space between calls; without it the stretch is given back evenly over time. All of it
follows from the clock and the reports, so that the same sequence always gives the same waits.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from engine.errors import LimitError

ERROR_SHARE = 0.10
SLOW_S = 5.0
MOST_FACTOR = 3.0
GROWTH = 1.25
RECOVERY_S = 30.0
"""How long the way back takes from the largest factor to none."""
WINDOW = 50
WINDOW_S = 60.0
FEWEST = 5
"""Calls under which a share of errors says nothing."""
SLOWEST_PACE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LimiterState:
    """The limiter at one moment.

    Attributes:
        factor: how much longer than its base a wait is, 1 to 3.
        waiting: calls that wait for their turn.
        error_rate, round_trip_s: of the recent calls; None before there are enough of them.
        calls_per_second: the base; 0 for none.
        space_s: seconds between two calls now.
        pressure: why it slows down; empty while it does not.
    """

    factor: float
    waiting: int
    error_rate: float | None
    round_trip_s: float | None
    calls_per_second: float
    space_s: float
    pressure: str


class AdaptiveLimiter:
    """One pace for all callers, threads and coroutines alike.

    Args:
        calls_per_second: the base; 0 paces nothing as long as all goes well, and holds back from the pace of the recent
            calls when it does not.
        burst: calls that may go at once when none went before; by default what the base allows in a second.
        longest_wait_s: a call that would wait longer is refused.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        calls_per_second: float = 0.0,
        *,
        burst: int = 0,
        longest_wait_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.calls_per_second = calls_per_second
        self._burst = burst or max(1, round(calls_per_second))
        self._longest_wait_s = longest_wait_s
        self._clock = clock
        self._lock = threading.Lock()
        self._reports: deque[tuple[float, bool, float]] = deque(maxlen=WINDOW)
        self._starts: deque[float] = deque(maxlen=WINDOW)
        self._factor = 1.0
        self._settled = clock()
        self._pace_s = 0.0
        self._free_at = float("-inf")
        self._waiting = 0

    def slot(self) -> _Slot:
        """A turn: ``with`` from a thread, ``async with`` from a coroutine; the block begins when it has come.

        Raises:
            LimitError: on entering, when the turn would come too late.
        """
        return _Slot(self)

    def reserve(self) -> float:
        """Take the next turn; seconds until it comes. ``hand_back`` gives up one that will not be used.

        Raises:
            LimitError: it would come after ``longest_wait_s``.
        """
        with self._lock:
            now = self._clock()
            self._settle(now)
            space = self._space()
            free = 0.0 if self._factor > 1.0 else (self._burst - 1) * space
            turn = max(self._free_at - free, now)
            if turn - now > self._longest_wait_s:
                raise LimitError(
                    f"Calls to the model are held back; the next turn is {turn - now:.0f} s away.",
                    "Ask again later, or raise calls_per_second of the profile.",
                    retry_after_s=turn - now,
                )
            self._free_at = max(self._free_at, now) + space
            self._starts.append(turn)
            return turn - now

    def hand_back(self) -> None:
        """Give up a reserved turn that was not used, so that nobody waits for it."""
        with self._lock:
            self._free_at -= self._space()

    def report(self, ok: bool, seconds: float) -> None:
        """Say how a call went. A refused key or a bad request is no sign of load: report those as ok."""
        with self._lock:
            now = self._clock()
            self._settle(now)
            self._reports.append((now, ok, seconds))
            if (not ok or seconds > SLOW_S) and self._find_pressure():
                if self._factor == 1.0:
                    self._pace_s = self._measure_pace(now)
                self._factor = min(MOST_FACTOR, self._factor * GROWTH)

    def describe(self) -> LimiterState:
        """How it stands now."""
        with self._lock:
            self._settle(self._clock())
            return LimiterState(
                factor=round(self._factor, 4),
                waiting=self._waiting,
                error_rate=self._error_rate(),
                round_trip_s=self._round_trip(),
                calls_per_second=self.calls_per_second,
                space_s=self._space(),
                pressure=self._find_pressure(),
            )

    def _settle(self, now: float) -> None:
        """Forget reports that are too old, and recover by the time that went by without pressure."""
        while self._reports and self._reports[0][0] + WINDOW_S < now:
            self._recover(self._reports[0][0] + WINDOW_S)
            self._reports.popleft()
        self._recover(now)

    def _recover(self, until: float) -> None:
        if self._factor > 1.0 and not self._find_pressure():
            given_back = max(0.0, until - self._settled) * (MOST_FACTOR - 1.0) / RECOVERY_S
            self._factor = max(1.0, self._factor - given_back)
        self._settled = max(self._settled, until)

    def _find_pressure(self) -> str:
        errors, seconds = self._error_rate(), self._round_trip()
        if errors is not None and errors > ERROR_SHARE:
            return f"{100 * errors:.0f} % of the recent calls failed"
        if seconds is not None and seconds > SLOW_S:
            return f"the recent calls took {seconds:.1f} s on average"
        return ""

    def _error_rate(self) -> float | None:
        if len(self._reports) < FEWEST:
            return None
        return sum(not ok for _, ok, _ in self._reports) / len(self._reports)

    def _round_trip(self) -> float | None:
        if len(self._reports) < FEWEST:
            return None
        return sum(seconds for _, _, seconds in self._reports) / len(self._reports)

    def _measure_pace(self, now: float) -> float:
        """Mean seconds between the recent starts, within bounds: what a limiter without a base stretches."""
        starts = [start for start in self._starts if start > now - WINDOW_S]
        if len(starts) < 2:
            return SLOWEST_PACE_S
        return min(SLOWEST_PACE_S, max(0.0, (starts[-1] - starts[0]) / (len(starts) - 1)))

    def _space(self) -> float:
        """Seconds between two turns. Without a base none while all goes well, so that a pace is not held, only lowered."""
        if self.calls_per_second > 0:
            return self._factor / self.calls_per_second
        return self._factor * self._pace_s if self._factor > 1.0 else 0.0

    def _count_waiting(self, change: int) -> None:
        with self._lock:
            self._waiting += change


class _Slot:
    def __init__(self, limiter: AdaptiveLimiter) -> None:
        self._limiter = limiter

    def __enter__(self) -> None:
        wait = self._limiter.reserve()
        self._limiter._count_waiting(1)
        try:
            if wait > 0:
                time.sleep(wait)
        except BaseException:
            self._limiter.hand_back()
            raise
        finally:
            self._limiter._count_waiting(-1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def __aenter__(self) -> None:
        wait = self._limiter.reserve()
        self._limiter._count_waiting(1)
        try:
            if wait > 0:
                await asyncio.sleep(wait)
        except BaseException:
            self._limiter.hand_back()
            raise
        finally:
            self._limiter._count_waiting(-1)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
