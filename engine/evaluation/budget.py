"""What a run may cost, in USD and in minutes; asked before each case and each judgement, so that it stops cleanly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from engine.errors import InputError


class Budget:
    """Counts what was spent, from any thread. Earlier attempts at the same run count, too.

    Args:
        usd, minutes: the most that the run may cost and last; None is no limit.
        spent_usd, spent_seconds: of earlier attempts.

    Raises:
        InputError: a limit that is not positive.
    """

    def __init__(
        self,
        usd: float | None = None,
        minutes: float | None = None,
        *,
        spent_usd: float = 0.0,
        spent_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, value in (("--budget-usd", usd), ("--budget-minutes", minutes)):
            if value is not None and not 0 < value < float("inf"):
                raise InputError(f"{name} {value:g}: expected a number above 0.")
        self._usd, self._minutes, self._clock = usd, minutes, clock
        self._spent, self._began = spent_usd, clock() - spent_seconds
        self._lock = threading.Lock()

    @property
    def spent_usd(self) -> float:
        """USD so far, over all attempts."""
        return self._spent

    def spend(self, usd: float | None) -> bool:
        """Counts a cost; False when nothing more may be started."""
        with self._lock:
            self._spent += usd or 0.0
        return not self.explain_end()

    def explain_end(self) -> str:
        """Why nothing more may be started; empty while there is something left."""
        if self._usd is not None and self._spent >= self._usd:
            return f"its budget of {self._usd:g} USD is used up ({self._spent:.4g} USD spent)"
        minutes = (self._clock() - self._began) / 60
        if self._minutes is not None and minutes >= self._minutes:
            return f"its budget of {self._minutes:g} minutes is used up ({minutes:.1f} minutes worked)"
        return ""
