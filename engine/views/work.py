"""Work of some seconds beside a screen: a thread that says how far it is, and ends with a result or an error of ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.errors import PhasegateError

Result = TypeVar("Result")
Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkState:
    """How far the work is: share done in [0, 1], and what is being done. ``error`` is why it failed."""

    fraction: float
    message: str
    active: bool
    error: PhasegateError | None


class Work(threading.Thread, Generic[Result]):
    """Runs ``task(report)`` at once, in a thread that does not keep the app from ending."""

    def __init__(self, name: str, task: Callable[[Report], Result], message: str = "") -> None:
        super().__init__(name=name, daemon=True)
        self.result: Result | None = None
        self.started_at = time.monotonic()
        self._task, self._progress = task, (0, 0, message)
        self._error: PhasegateError | None = None
        self.start()

    def run(self) -> None:
        """Does the work; whoever looks sees its state."""
        try:
            self.result = self._task(self._report)
        except PhasegateError as error:
            self._error = error

    def look(self) -> WorkState:
        """The state now. A thread that ended without a result has failed, too."""
        active = self.is_alive()
        if not active and self.result is None and self._error is None:
            hint = "The app's log says why. Try once more."
            self._error = PhasegateError("The work ended unexpectedly.", hint)
        done, total, message = self._progress
        return WorkState(
            fraction=min(1.0, done / total) if total else 0.0, message=message, active=active, error=self._error
        )

    def _report(self, done: int, total: int, message: str) -> None:
        self._progress = (done, total, message)
