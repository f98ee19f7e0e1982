"""When a failed call is tried again: what may pass, few times, with growing random pauses, and only within a budget.

The budget keeps an outage from multiplying the load: once retries make up their share of the calls, there are none.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from engine.errors import ProviderError
from engine.providers.breaker import BREAKER_OPEN

# Another provider is asked at once: a breaker's word stands, and who has waited once is not made to wait three times.
NOT_AGAIN = (BREAKER_OPEN, "Timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How a failed call is tried again at the same provider.

    Attributes:
        attempts: at one provider, the first included.
        first_pause_s, longest_pause_s: a pause is random between 0 and a bound that doubles from the one to the other.
        longest_wait_s: a provider's own Retry-After is kept up to this; a longer one goes to the next provider.
        budget_share: retries over calls within ``budget_window_s``; ``budget_floor`` of them are always free.
    """

    attempts: int = 3
    first_pause_s: float = 0.1
    longest_pause_s: float = 2.0
    longest_wait_s: float = 5.0
    budget_share: float = 0.2
    budget_window_s: float = 30.0
    budget_floor: int = 3


class RetryBudget:
    """Counts calls and retries over a rolling window. Safe to use from threads."""

    def __init__(self, policy: RetryPolicy, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy, self._clock = policy, clock
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()
        self._retries: deque[float] = deque()

    def note_call(self) -> None:
        """A request begins."""
        with self._lock:
            self._calls.append(self._clock())

    def take_retry(self) -> bool:
        """Whether one more retry is within the budget; it is then spent."""
        with self._lock:
            self._forget_old()
            allowed = max(self._policy.budget_floor, int(self._policy.budget_share * len(self._calls)))
            if len(self._retries) >= allowed:
                return False
            self._retries.append(self._clock())
            return True

    def describe(self) -> dict[str, int]:
        """``calls`` and ``retries`` within the window."""
        with self._lock:
            self._forget_old()
            return {"calls": len(self._calls), "retries": len(self._retries)}

    def _forget_old(self) -> None:
        oldest = self._clock() - self._policy.budget_window_s
        for times in (self._calls, self._retries):
            while times and times[0] < oldest:
                times.popleft()


def build_retrying(policy: RetryPolicy, budget: RetryBudget, may_go_on: Callable[[], bool]) -> AsyncRetrying:
    """The loop of attempts at one provider; the last error is raised as it is.

    Args:
        may_go_on: asked after each failure, such as whether the provider's breaker still lets calls through.
    """
    pause = wait_random_exponential(multiplier=policy.first_pause_s, max=policy.longest_pause_s)

    def stop(state: RetryCallState) -> bool:
        asked = find_retry_after(state)
        if state.attempt_number >= policy.attempts or (asked is not None and asked > policy.longest_wait_s):
            return True
        return not may_go_on() or not budget.take_retry()

    def wait(state: RetryCallState) -> float:
        return max(pause(state), find_retry_after(state) or 0.0)

    def passes(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        return isinstance(error, ProviderError) and error.fails_over and error.kind not in NOT_AGAIN

    return AsyncRetrying(stop=stop, wait=wait, retry=passes, reraise=True)


def find_retry_after(state: RetryCallState) -> float | None:
    """Seconds that the provider asked to wait, carried by the error of the last attempt."""
    error = state.outcome.exception() if state.outcome else None
    return getattr(error, "retry_after_s", None)
