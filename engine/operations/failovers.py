"""Failover as a recovery: out of the records of calls, breakers and requests it is told who took over from whom."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from engine.telemetry import BreakerChange, CallRecord, RequestRecord

WELL = ("ok", "cancelled")
FOLLOWED = 1_000
"""Questions under way of which a failed call is remembered."""
QUIET_S = 60.0
"""A failover between the same two is told again after so long: a provider that is down makes one with every question."""
LAST_RESORT = "extractive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRecovery:
    """What was done about a provider; fields as the columns of ``recoveries``. ``told``: it is to be kept, not only counted."""

    subject: str
    action: str
    outcome: str
    reason: str
    told: bool = True


class FailoverWatch:
    """Follows questions from a failed call to whoever answered; from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: OrderedDict[tuple[str, str], CallRecord] = OrderedDict()
        self._told: dict[tuple[str, str], float] = {}
        self._alone: set[str] = set()

    def follow_call(self, call: CallRecord) -> ProviderRecovery | None:
        """A failed call is remembered; one that goes well after another provider's failed one is a failover."""
        key = (call.correlation_id, call.purpose)
        with self._lock:
            if call.outcome not in WELL:
                self._failed[key] = call
                while len(self._failed) > FOLLOWED:
                    self._failed.popitem(last=False)
                return None
            failed = self._failed.pop(key, None)
            if call.outcome != "ok" or failed is None or failed.provider == call.provider:
                return None
            return self._tell(failed, call.provider, "recovered")

    def follow_request(self, request: RequestRecord) -> ProviderRecovery | None:
        """A question whose last call failed and which was answered without a model was a failover to the last resort."""
        with self._lock:
            failed = [self._failed.pop(key) for key in list(self._failed) if key[0] == request.correlation_id]
            if request.provider != LAST_RESORT or request.outcome != "degraded":
                return None
            answering = next((call for call in failed if call.purpose == "answer"), None)
            return self._tell(answering, "the extractive engine", "degraded") if answering else None

    def follow_breaker(self, change: BreakerChange) -> ProviderRecovery | None:
        """An open breaker leaves the provider alone, a closed one asks it again.

        A trial that fails opens it again every few seconds; that is told once.
        """
        opened = change.state == "open"
        with self._lock:
            if change.state == "half_open" or opened == (change.provider in self._alone):
                return None
            (self._alone.add if opened else self._alone.discard)(change.provider)
        action = "left alone, its breaker opened" if opened else "asked again, its breaker closed"
        outcome = "degraded" if opened else "recovered"
        return ProviderRecovery(subject=change.provider, action=action, outcome=outcome, reason=change.reason)

    def _tell(self, failed: CallRecord, other: str, outcome: str) -> ProviderRecovery:
        now, pair = self._clock(), (failed.provider, other)
        told = now - self._told.get(pair, float("-inf")) >= QUIET_S
        if told:
            self._told[pair] = now
        action = f"{other} answered in its place"
        return ProviderRecovery(
            subject=failed.provider, action=action, outcome=outcome, reason=failed.outcome, told=told
        )
