"""The thread that watches a served app: history, alerts, pressure, the store's connection, ageing of what was kept."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from engine.errors import PhasegateError
from engine.operations.alert_readings import AlertReader
from engine.operations.alerts import AlertEvaluator
from engine.operations.memory import MB
from engine.operations.metric_history import HistoryKeeper, HistoryWriter
from engine.operations.metrics import ServingRecorder
from engine.operations.pressure import PressureWatch
from engine.operations.recovery import StoreWatch, recover_embedder
from engine.store import Store
from engine.store.alerts import AlertStore
from engine.store.liveness import utc_now
from engine.store.requests import RequestStore

TICK_S = 5.0
HISTORY_S, ALERTS_S, KEEPING_S = 60.0, 15.0, 3600.0
SETTLING_S = 600.0
"""Before anything is aged: a machine that starts with a wrong clock sets it right in this time, which is then noticed."""
ENDING_S = 15.0

log = logging.getLogger("phasegate.observing")


@dataclass(slots=True)
class Chore:
    """Something done again and again; ``problem`` says why it failed the last time."""

    name: str
    every_s: float
    work: Callable[[], object]
    due_at: float = field(default=0.0)
    problem: str = ""


class Observation:
    """Runs the chores of one process. ``start`` it with the app, ``stop`` it when the app ends.

    Args:
        clear_caches, hold_writes: see ``PressureWatch``; by default nothing is let go.
    """

    def __init__(
        self,
        store: Store,
        recorder: ServingRecorder,
        *,
        clear_caches: Callable[[], None] = lambda: None,
        hold_writes: Callable[[bool], None] = lambda low: None,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._process = psutil.Process()
        self.history = HistoryWriter(store, recorder.intervals)
        recorder.write_interval = self._write_history
        self.alerts = AlertEvaluator(store, AlertReader(store, recorder).read)
        keeper = HistoryKeeper(store)
        self.chores = [
            Chore("store", ALERTS_S, StoreWatch(store).check),
            Chore("alerts", ALERTS_S, self.alerts.evaluate),
            Chore("pressure", ALERTS_S, PressureWatch(store, clear_caches, hold_writes).check),
            Chore("history", HISTORY_S, self._write_history),
            Chore(
                "keeping",
                KEEPING_S,
                lambda: keeper.keep() and AlertStore(store).prune(utc_now()),
                due_at=time.monotonic() + SETTLING_S,
            ),
        ]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="observation", daemon=True)
        recorder.register_gauge(
            "phasegate_alerts",
            "Open alerts by rule and state.",
            self._count_alerts,
            labels=("rule", "state"),
            every_s=15,
        )
        recorder.register_gauge(
            "phasegate_runs", "Runs in the store by status.", self._count_runs, labels=("status",), every_s=15
        )
        recorder.register_gauge("phasegate_store_up", "1 while the store answers.", self._probe_store, every_s=10)

    def start(self) -> None:
        """Begin; what the store kept fills the windows first."""
        self._thread.start()

    def stop(self) -> None:
        """End: the running interval and the records that wait are written."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(ENDING_S)

    def run_due(self, now: float) -> None:
        """Do what is due at a time of ``time.monotonic()``. What fails is tried again at its next turn."""
        for chore in self.chores:
            if now >= chore.due_at and not self._stop.is_set():
                chore.due_at = now + chore.every_s
                self._do(chore.name, chore.work, chore)

    def _work(self) -> None:
        self._do("windows", lambda: self._recorder.windows.restore(RequestStore(self._store).load_latest()))
        self._do("embedder", lambda: recover_embedder(self._store))
        while not self._stop.is_set():
            self.run_due(time.monotonic())
            self._stop.wait(TICK_S)
        self._do("history", self._write_history)
        self._do("alerts", self.alerts.close)

    def _do(self, name: str, work: Callable[[], object], chore: Chore | None = None) -> None:
        problem = ""
        try:
            work()
        except PhasegateError as error:
            problem = error.message
        except Exception as error:  # the top of a job: the other chores go on
            problem = f"{type(error).__name__}: {error}"
            log.exception("observation: %s", name)
        if problem and (chore is None or chore.problem != problem):
            log.warning("observation: %s failed: %s", name, problem)
        if chore is not None:
            chore.problem = problem

    def _write_history(self) -> None:
        intervals = self._recorder.intervals
        intervals.add_gauge("memory_mb", round(self._process.memory_info().rss / MB, 1))
        intervals.add_gauge("threads", self._process.num_threads())
        for name, value in self._recorder.read_gauges().items():
            intervals.add_gauge(name.removeprefix("phasegate_"), value)
        self.history.write()

    def _count_alerts(self) -> dict[tuple[str, ...], float]:
        rows = self._store.query("SELECT rule, state, count(*) AS n FROM alerts WHERE state <> 'resolved' GROUP BY ALL")
        return {(row["rule"], row["state"]): row["n"] for row in rows}

    def _count_runs(self) -> dict[tuple[str, ...], float]:
        rows = self._store.query("SELECT status, count(*) AS n FROM runs GROUP BY status")
        return {(row["status"],): row["n"] for row in rows}

    def _probe_store(self) -> float:
        try:
            self._store.query("SELECT 1 AS one")
        except PhasegateError:
            return 0.0
        return 1.0
