"""Does what is queued, one after the other, in a process of its own. One worker at a time holds the lock of a home.

Whoever queues work makes sure that a worker is there. A worker that finds nothing more lets go of the lock and looks
once again, so that work which was queued in between is not left lying.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.operations.launching import note_end, open_command, start_command, stop_process
from engine.settings import home
from engine.state_folder import append_private
from engine.store import RunStore, Store
from engine.store.queue import QueueStore

POLL_S = 1.0
LOCK_TRIES = 10


def ensure_worker(store: Store) -> bool:
    """Starts a worker when work waits and there is none; whether one was started."""
    queue = QueueStore(store)
    if not queue.list_waiting() and not queue.find_orphans():
        return False
    with _hold_lock() as held:
        pass
    if held:
        start_command(["queue", "--work"], "queue")
    return held


def work_queue(store: Store) -> int:
    """Does everything that waits; how much it was. 0 when another worker is at it.

    Ctrl-C interrupts the command at hand, which keeps what it has, and leaves the rest waiting.
    """
    done, tries = 0, 0
    while True:
        with _hold_lock() as held:
            if held:
                done += _work_until_empty(store)
        if not held:  # whoever looks whether there is a worker holds the lock for a moment, too
            tries += 1
            if tries > LOCK_TRIES:
                return done
            time.sleep(POLL_S / LOCK_TRIES)
            continue
        if not QueueStore(store).list_waiting():
            return done


def _work_until_empty(store: Store) -> int:
    queue, done = QueueStore(store), 0
    for orphan in queue.find_orphans():
        _take_up(store, orphan)
        done += 1
    while waiting := queue.list_waiting():
        _do(queue, waiting[0], waiting[0]["arguments"])
        done += 1
    return done


def _take_up(store: Store, orphan: dict[str, Any]) -> None:
    """Goes on with work whose worker was killed; what it has ended is not done again."""
    queue, subject = QueueStore(store), orphan["subject"]
    while (status := _read_status(store, subject)) == "running":  # the command outlived its worker
        time.sleep(POLL_S)
    if orphan["kind"] == "run" and status in ("finished", "failed"):
        queue.end_work(orphan["queue_id"], None)
    elif orphan["kind"] == "run" and status == "interrupted":
        _do(queue, orphan, [*orphan["arguments"][:2], "--resume", subject])
    else:
        _do(queue, orphan, orphan["arguments"])


def _read_status(store: Store, run_id: str) -> str:
    with RunStore(store) as runs:
        found = [row["status"] for row in runs.list_runs(search=run_id, limit=None) if row["run_id"] == run_id]
    return found[0] if found else ""


def _do(queue: QueueStore, work: dict[str, Any], arguments: Sequence[str]) -> None:
    queue.start_work(work["queue_id"])
    process, path = open_command(arguments, work["subject"])
    try:
        code = note_end(process, path)
    except KeyboardInterrupt:
        stop_process(process.pid)
        queue.end_work(work["queue_id"], note_end(process, path))
        raise
    queue.end_work(work["queue_id"], code)


@contextmanager
def _hold_lock() -> Iterator[bool]:
    """The lock of this home's worker while the block runs; False when another process holds it."""
    path = home() / "queue.lock"
    with append_private(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
