"""Work that waits for its turn. It lies in the store, so that it survives a restart of the app or of the machine."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from typing import Any

from engine.errors import UnknownNameError
from engine.store.liveness import is_alive, utc_now
from engine.store.store import Store


class QueueStore:
    """Commands in the order in which they were queued."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_work(self, *, kind: str, title: str, subject: str, arguments: Sequence[str], who: str) -> str:
        """Queue a command; its id.

        Args:
            kind: ``run`` or ``rescore``.
            subject: the run's id.
            arguments: of ``python -m engine``.
        """
        now = utc_now()
        queue_id = f"q-{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
        row = {
            "queue_id": queue_id,
            "kind": kind,
            "title": title,
            "subject": subject,
            "arguments": list(arguments),
            "status": "waiting",
            "queued_by": who,
            "queued_at": now,
        }
        self._store.insert("queue", [row])
        return queue_id

    def list_work(self, limit: int = 50) -> list[dict[str, Any]]:
        """Everything queued, newest first."""
        return self._store.query("SELECT * FROM queue ORDER BY queue_id DESC LIMIT ?", (limit,))

    def list_waiting(self) -> list[dict[str, Any]]:
        """What waits, next first."""
        return self._store.query("SELECT * FROM queue WHERE status = 'waiting' ORDER BY queue_id")

    def find_orphans(self) -> list[dict[str, Any]]:
        """What was started by a worker that is gone, so that nobody knows how it ended."""
        rows = self._store.query("SELECT * FROM queue WHERE status = 'started' ORDER BY queue_id")
        return [row for row in rows if row["pid"] is None or not is_alive(row["pid"])]

    def start_work(self, queue_id: str) -> None:
        """Record that this process has taken it."""
        self._store.execute(
            "UPDATE queue SET status = 'started', pid = ?, started_at = ? WHERE queue_id = ?",
            (os.getpid(), utc_now(), queue_id),
        )

    def end_work(self, queue_id: str, exit_code: int | None) -> None:
        """Record how it ended; None where nobody saw its exit code."""
        self._store.execute(
            "UPDATE queue SET status = 'ended', exit_code = ?, ended_at = ? WHERE queue_id = ?",
            (exit_code, utc_now(), queue_id),
        )

    def cancel_work(self, identifier: str) -> None:
        """Take waiting work out of the queue, by its id or its run's; what has begun goes on.

        Raises:
            UnknownNameError: nothing of that id waits.
        """
        waiting = self.list_waiting()
        found = [row["queue_id"] for row in waiting if identifier in (row["queue_id"], row["subject"])]
        if not found:
            known = [row["subject"] for row in waiting]
            raise UnknownNameError("waiting run", identifier, known, "python -m engine queue lists what waits.")
        self._store.execute(
            "UPDATE queue SET status = 'cancelled', ended_at = ? WHERE queue_id = ? AND status = 'waiting'",
            (utc_now(), found[0]),
        )

    def find_work(self, subject: str) -> dict[str, Any] | None:
        """The newest work on a run, with ``before``: how much waits or works before it; None when there is none."""
        rows = self._store.query(
            "SELECT q.*, (SELECT count(*) FROM queue b WHERE b.status IN ('waiting', 'started')"
            " AND b.queue_id < q.queue_id) AS before FROM queue q WHERE q.subject = ? ORDER BY q.queue_id DESC LIMIT 1",
            (subject,),
        )
        return rows[0] if rows else None
