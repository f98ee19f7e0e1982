"""Long work in processes of its own: what runs, how far it is, how it ended."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from engine.store.liveness import SILENCE, is_alive, utc_now
from engine.store.store import Store


class JobStore:
    """Journals jobs and lists them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record_job(
        self,
        *,
        job_id: str,
        kind: str,
        title: str,
        subject: str,
        total: int = 0,
        message: str = "",
        log_path: str | None = None,
        pid: int | None = None,
    ) -> None:
        """Record that a job has begun, in this process unless ``pid`` says otherwise."""
        now = utc_now()
        row = {
            "job_id": job_id,
            "kind": kind,
            "title": title,
            "subject": subject,
            "pid": os.getpid() if pid is None else pid,
            "status": "running",
            "done": 0,
            "total": total,
            "message": message,
            "log_path": log_path,
            "started_at": now,
            "updated_at": now,
        }
        self._store.insert("jobs", [row])

    def update_job(
        self,
        job_id: str,
        *,
        done: int | None = None,
        total: int | None = None,
        message: str | None = None,
        status: str | None = None,
        subject: str | None = None,
        pid: int | None = None,
    ) -> None:
        """Change what is given; the rest stays. Also a job's sign of life."""
        changes = {"done": done, "total": total, "message": message, "status": status, "subject": subject, "pid": pid}
        given = {name: value for name, value in changes.items() if value is not None}
        assignments = ", ".join(["updated_at = ?", *(f"{name} = ?" for name in given)])
        self._store.execute(f"UPDATE jobs SET {assignments} WHERE job_id = ?", (utc_now(), *given.values(), job_id))

    def find_job(self, job_id: str) -> dict[str, Any] | None:
        """One job, or None."""
        rows = self._select("WHERE job_id = ?", (job_id,))
        return rows[0] if rows else None

    def list_jobs(self, limit: int | None = 50, *, kind: str | None = None) -> list[dict[str, Any]]:
        """Jobs, newest first. A running job that was killed has the status ``interrupted``."""
        if kind is None:
            return self._select("ORDER BY started_at DESC, job_id LIMIT ?", (limit,))
        return self._select("WHERE kind = ? ORDER BY started_at DESC, job_id LIMIT ?", (kind, limit))

    def active(self) -> list[dict[str, Any]]:
        """The jobs that run now."""
        rows = self._select("WHERE status = 'running' ORDER BY started_at DESC, job_id", ())
        return [row for row in rows if row["status"] == "running"]

    def _select(self, rest: str, params: Sequence[Any]) -> list[dict[str, Any]]:
        rows = self._store.query(f"SELECT * FROM jobs {rest}", params)
        silent_since = utc_now() - SILENCE
        for row in rows:
            if row["status"] == "running" and (row["updated_at"] < silent_since or not is_alive(row["pid"])):
                row["status"] = "interrupted"
        return rows
