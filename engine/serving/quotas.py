"""How often one asker and one address may ask: at most so many requests in any minute (a moving window)."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from engine.errors import QuotaError

READS_PER_ASK = 10
"""Reading is that much cheaper than asking, so that many times more of it is allowed."""
WINDOW_S = 60.0
MOST_KEYS = 10_000


class Quotas:
    """Counts in memory, of this process alone. Safe to use from several threads.

    Args:
        requests_per_minute: of one address; 0 for no limit.
        user_requests_per_minute: of one user or token, from wherever; 0 for no limit.
        clock: seconds that never run backwards.
    """

    def __init__(
        self,
        requests_per_minute: int = 60,
        user_requests_per_minute: int = 120,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests_per_minute = requests_per_minute
        self.user_requests_per_minute = user_requests_per_minute
        self._clock = clock
        self._lock = threading.Lock()
        # Times of the requests of the last minute by who asked, those first who have not asked for the longest.
        self._asked: OrderedDict[tuple[str, str, str], deque[float]] = OrderedDict()
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
        kind, times = ("read", READS_PER_ASK) if reading else ("ask", 1)
        named = (
            ("address", network_of(address), times * self.requests_per_minute),
            ("user", user, times * self.user_requests_per_minute),
        )
        limited = [(what, name, most) for what, name, most in named if name and most > 0]
        with self._lock:
            now = self._clock()
            self._forget(now)
            windows = []
            for what, name, most in limited:
                window = self._open((kind, what, name), now)
                if len(window) >= most:
                    self._refused += 1
                    raise _too_many(what, most, window[-most] + WINDOW_S - now)
                windows.append(window)
            for window in windows:
                window.append(now)

    def _open(self, key: tuple[str, str, str], now: float) -> deque[float]:
        """The requests of the last minute."""
        window = self._asked.setdefault(key, deque())
        self._asked.move_to_end(key)
        while window and now - window[0] >= WINDOW_S:
            window.popleft()
        return window

    def _forget(self, now: float) -> None:
        """Let go of those who have asked nothing for a minute, and of the longest silent beyond ``MOST_KEYS``."""
        while self._asked:
            longest_silent = next(iter(self._asked.values()))
            if longest_silent and now - longest_silent[-1] < WINDOW_S and len(self._asked) <= MOST_KEYS:
                return
            self._asked.popitem(last=False)


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
