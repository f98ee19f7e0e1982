"""Validations of phases: their parts as they end, so that one that was killed goes on where it stopped."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import UnknownNameError
from engine.store.literals import encode_json
from engine.store.liveness import SILENCE, is_alive, utc_now
from engine.store.store import Store

Parts = Sequence[Mapping[str, Any]]


class ValidationStore:
    """Rows of ``validations``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_validation(self, validation_id: str, roadmap: str, phase: int, parts: Parts) -> None:
        """Record that a validation has begun, in this process."""
        now = utc_now()
        row = {
            "validation_id": validation_id,
            "roadmap": roadmap,
            "phase": phase,
            "status": "running",
            "parts": [dict(part) for part in parts],
            "pid": os.getpid(),
            "started_at": now,
            "heartbeat_at": now,
        }
        self._store.insert("validations", [row])

    def resume_validation(self, validation_id: str) -> None:
        """Record that this process goes on with a validation that had ended."""
        self._store.execute(
            "UPDATE validations SET status = 'running', pid = ?, heartbeat_at = ?, ended_at = NULL, error = NULL"
            " WHERE validation_id = ?",
            (os.getpid(), utc_now(), validation_id),
        )

    def save_parts(self, validation_id: str, parts: Parts) -> None:
        """Keep the parts as they stand. Also a sign of life."""
        self._store.execute(
            "UPDATE validations SET parts = CAST(? AS JSON), heartbeat_at = ? WHERE validation_id = ?",
            (encode_json([dict(part) for part in parts]), utc_now(), validation_id),
        )

    def heartbeat(self, validation_id: str) -> None:
        """Say that the validation goes on."""
        self._store.execute(
            "UPDATE validations SET heartbeat_at = ? WHERE validation_id = ?", (utc_now(), validation_id)
        )

    def finish_validation(
        self,
        validation_id: str,
        status: str,
        *,
        verdict: str | None = None,
        report: Mapping[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        """Record how it ended: ``finished``, ``interrupted`` or ``failed``."""
        now = utc_now()
        self._store.execute(
            "UPDATE validations SET status = ?, verdict = ?, report = ?, error = ?, heartbeat_at = ?, ended_at = ?"
            " WHERE validation_id = ?",
            (status, verdict, dict(report) if report is not None else None, error, now, now, validation_id),
        )

    def load_validation(self, validation_id: str) -> dict[str, Any]:
        """One validation.

        Raises:
            UnknownNameError: no such validation.
        """
        rows = self._select("WHERE validation_id = ?", (validation_id,))
        if not rows:
            known = self._store.query("SELECT validation_id FROM validations ORDER BY started_at DESC LIMIT 10")
            raise UnknownNameError("validation", validation_id, (row["validation_id"] for row in known))
        return rows[0]

    def list_validations(self, limit: int = 50) -> list[dict[str, Any]]:
        """Validations, newest first."""
        return self._select("ORDER BY started_at DESC, validation_id DESC LIMIT ?", (limit,))

    def _select(self, rest: str, params: Sequence[Any]) -> list[dict[str, Any]]:
        rows = self._store.query(f"SELECT * FROM validations {rest}", params)
        silent_since = utc_now() - SILENCE
        for row in rows:
            if row["status"] == "running" and (row["heartbeat_at"] < silent_since or not is_alive(row["pid"])):
                row["status"] = "interrupted"
        return rows
