"""What goes on beside the screens while the app serves: corpora are watched, queued work is taken up, figures and alerts
are kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from engine.api.sockets import send_at_once
from engine.errors import PhasegateError
from engine.guard.redaction import install_redaction
from engine.operations.metrics import close_recorder, get_recorder
from engine.operations.observing import Observation
from engine.operations.queue_worker import ensure_worker
from engine.operations.watching import CorpusWatcher
from engine.serving.runtime import close_runtimes
from engine.store import Store, open_store

GATES_S = 60.0
VERDICTS = {"pass": 1.0, "fail": 0.0, "no_data": -1.0}

log = logging.getLogger("phasegate.app")


@asynccontextmanager
async def keep_watch(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Starts what watches with the app, and ends it with the app: records and the running interval are then written.

    From here on no log of this process holds personal data.
    """
    install_redaction()
    send_at_once()
    stop = await asyncio.to_thread(start_watching)
    try:
        yield {}
    finally:
        await asyncio.to_thread(stop)


def start_watching() -> Callable[[], None]:
    """Starts the watcher of corpora and the observation, takes up what was queued; how to end them."""
    store = open_store()
    ensure_worker(store)
    watcher = CorpusWatcher()
    watcher.start()
    observation = open_observation(store)
    observation.start()

    def stop() -> None:
        watcher.stop()
        observation.stop()
        close_runtimes()  # answers that are still to be kept are written
        close_recorder(store.home)
        store.close()

    return stop


def open_observation(store: Store) -> Observation:
    """The observation of this process, able to clear the caches of serving, with the gates among the gauges."""
    recorder = get_recorder(store.home)
    recorder.register_gauge(
        "phasegate_gate_verdict",
        "Gates: 1 pass, 0 fail, -1 no data.",
        lambda: read_gates(store),
        labels=("roadmap", "phase"),
        every_s=GATES_S,
    )
    return Observation(store, recorder, clear_caches=_clear_caches, hold_writes=_hold_writes)


def read_gates(store: Store) -> dict[tuple[str, ...], float]:
    """The verdict of every phase of every roadmap as a number."""
    from engine.roadmap.gates import check_roadmap
    from engine.roadmap.roadmaps import list_roadmap_names, load_roadmap

    verdicts: dict[tuple[str, ...], float] = {}
    for name in list_roadmap_names():
        try:
            for gate in check_roadmap(load_roadmap(name), store).gates:
                verdicts[(name, str(gate.phase))] = VERDICTS[gate.verdict]
        except PhasegateError as error:
            log.info("the gates of %s cannot be read: %s", name, error.message)
    return verdicts


def _clear_caches() -> None:
    """What serving keeps in memory."""
    from engine.serving.runtime import get_runtime

    runtime = get_runtime()
    runtime.stage_caches.clear()
    if runtime.cache is not None:
        runtime.cache.clear_memory()


def _hold_writes(low: bool) -> None:
    """Whether the cache in the store may grow."""
    from engine.serving.runtime import get_runtime

    cache = get_runtime().cache
    if cache is not None:
        cache.hold_writes(low)
