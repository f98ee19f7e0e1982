"""How often one asker and one address may ask: at most so many requests in any minute (a moving window)."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections.abc import Callable

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from engine.errors import QuotaError

READS_PER_ASK = 10
"""Reading is that much cheaper than asking, so that many times more of it is allowed."""
CLOCK_JUMP_S = 2.0
MOST_KEYS = 10_000


class Quotas:
    """Counts in memory, of this process alone.

    Args:
        requests_per_minute: of one address; 0 for no limit.
        user_requests_per_minute: of one user or token, from wherever; 0 for no limit.
        wall, steady: the clock that counts go by, and one that never jumps; counts begin anew when they part.
    """

    def __init__(
        self,
        requests_per_minute: int = 60,
        user_requests_per_minute: int = 120,
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests_per_minute = requests_per_minute
        self.user_requests_per_minute = user_requests_per_minute
        self._wall, self._steady = wall, steady
        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)
        self._lock = threading.Lock()
        self._offset = wall() - steady()
        self._refused = 0

    @property
    def refused(self) -> int:
        """Requests that were turned away so far."""
        return self._refused

    def check(self, *, address: str = "", user: str = "", reading: bool = False) -> None:
        """Count a request; empty names are not counted.

        Raises:
            QuotaError: that is one too many; ``retry_after_s`` says when the next will be let in. It was not counted.
        """
        with self._lock:
            self._follow_clock()
            asked = (
                ("address", network_of(address), self.requests_per_minute),
                ("user", user, self.user_requests_per_minute),
            )
            kind = "read" if reading else "ask"
            used = []
            for what, name, per_minute in asked:
                if not name or per_minute <= 0:
                    continue
                item = RateLimitItemPerMinute(per_minute * (READS_PER_ASK if reading else 1))
                if not self._window.test(item, kind, what, name):
                    self._refused += 1
                    reset = self._window.get_window_stats(item, kind, what, name).reset_time
                    raise _too_many(what, item.amount, reset - self._wall())
                used.append((item, what, name))
            for item, what, name in used:
                self._window.hit(item, kind, what, name)

    def _follow_clock(self) -> None:
        """The library goes by the wall clock: set back, it would keep everybody out until the clock had caught up."""
        offset = self._wall() - self._steady()
        if abs(offset - self._offset) > CLOCK_JUMP_S:
            self._storage.reset()
        self._offset = offset
        events = self._storage.events
        if len(events) > MOST_KEYS:  # the library keeps the name of everybody who ever came
            for key in [key for key, entries in events.items() if not entries]:
                self._storage.clear(key)
            if len(events) > MOST_KEYS:
                self._storage.reset()


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 network that an IPv6 customer has to himself."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def _too_many(what: str, per_minute: int, seconds: float) -> QuotaError:
    wait = max(1, math.ceil(seconds))
    whose = "this address" if what == "address" else "this user"
    return QuotaError(
        f"Too many requests from {whose}: at most {per_minute} a minute; retry after {wait} s.",
        f"Ask again in {wait} s. The profile sets the limit.",
        retry_after_s=wait,
    )
