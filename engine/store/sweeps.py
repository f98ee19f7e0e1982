"""Sweeps and their trials."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import UnknownNameError
from engine.store.liveness import SILENCE, is_alive, utc_now
from engine.store.store import Store

TRIAL_COLUMNS = (
    "number", "status", "settings", "reason", "measures", "chunks", "latency_ms", "cost_usd", "exact", "seconds",
)  # fmt: skip


class SweepStore:
    """Journals sweeps and reads them back. A write is durable when it returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_sweep(
        self,
        *,
        sweep_id: str,
        suite: str,
        suite_path: str,
        suite_hash: str,
        search: str,
        goal: str,
        space: Sequence[Mapping[str, Any]],
        base: Mapping[str, Any],
        options: Mapping[str, Any],
        provenance: Mapping[str, Any],
        planned: int,
        message: str = "",
    ) -> None:
        """Record that this process has begun a sweep."""
        now = utc_now()
        row = {
            "sweep_id": sweep_id,
            "suite": suite,
            "suite_path": suite_path,
            "suite_hash": suite_hash,
            "search": search,
            "goal": goal,
            "space": list(space),
            "base": dict(base),
            "options": dict(options),
            "provenance": dict(provenance),
            "status": "running",
            "planned": planned,
            "message": message,
            "pid": os.getpid(),
            "started_at": now,
            "heartbeat_at": now,
        }
        self._store.insert("sweeps", [row])

    def resume_sweep(self, sweep_id: str) -> None:
        """Record that this process goes on with a sweep that had ended early."""
        self._store.execute(
            "UPDATE sweeps SET status = 'running', pid = ?, heartbeat_at = ?, ended_at = NULL, error = NULL"
            " WHERE sweep_id = ?",
            (os.getpid(), utc_now(), sweep_id),
        )

    def update_sweep(
        self,
        sweep_id: str,
        *,
        message: str | None = None,
        cases: int | None = None,
        halves: Mapping[str, Sequence[int]] | None = None,
        embedded: int | None = None,
        reused: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Change what is given; the rest stays. Also the sweep's sign of life."""
        changes = {
            "message": message,
            "cases": cases,
            "halves": halves,
            "embedded": embedded,
            "reused": reused,
            "seconds": seconds,
        }
        given = {name: value for name, value in changes.items() if value is not None}
        assignments = ", ".join(["heartbeat_at = ?", *(f"{name} = ?" for name in given)])
        self._store.execute(
            f"UPDATE sweeps SET {assignments} WHERE sweep_id = ?", (utc_now(), *given.values(), sweep_id)
        )

    def record_trial(
        self,
        sweep_id: str,
        *,
        number: int,
        status: str,
        settings: Mapping[str, Any],
        reason: str | None = None,
        measures: Mapping[str, Any] | None = None,
        per_case: Mapping[str, Sequence[float | None]] | None = None,
        chunks: int | None = None,
        latency_ms: float | None = None,
        cost_usd: float | None = None,
        exact: bool | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Keep a trial that has ended; one of the same number is replaced.

        Raises:
            ValueError: NaN or infinity in a value.
        """
        row = {
            "sweep_id": sweep_id,
            "number": number,
            "status": status,
            "settings": dict(settings),
            "reason": reason,
            "measures": dict(measures or {}),
            "per_case": dict(per_case or {}),
            "chunks": chunks,
            "latency_ms": latency_ms,
            "cost_usd": cost_usd,
            "exact": exact,
            "seconds": seconds,
            "ended_at": utc_now(),
        }
        self._store.insert("trials", [row])

    def finish_sweep(
        self,
        sweep_id: str,
        status: str,
        *,
        seconds: float,
        result: Mapping[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        """Record how the sweep ended: ``finished``, ``interrupted`` or ``failed``."""
        now = utc_now()
        self._store.execute(
            "UPDATE sweeps SET status = ?, seconds = ?, result = ?, error = ?, message = '', heartbeat_at = ?,"
            " ended_at = ? WHERE sweep_id = ?",
            (status, seconds, dict(result) if result is not None else None, error, now, now, sweep_id),
        )

    def delete_sweep(self, sweep_id: str) -> None:
        """Remove a sweep with its trials."""
        for table in ("trials", "sweeps"):
            self._store.execute(f"DELETE FROM {table} WHERE sweep_id = ?", (sweep_id,))

    def load_sweep(self, sweep_id: str) -> dict[str, Any]:
        """One sweep. A running one that was killed has the status ``interrupted``.

        Raises:
            UnknownNameError: no such sweep.
        """
        rows = self._select("WHERE sweep_id = ?", (sweep_id,))
        if not rows:
            known = self._store.query("SELECT sweep_id FROM sweeps ORDER BY started_at DESC LIMIT 10")
            raise UnknownNameError("sweep", sweep_id, (row["sweep_id"] for row in known))
        return rows[0]

    def list_sweeps(self, limit: int | None = 50, *, suite: str | None = None) -> list[dict[str, Any]]:
        """Sweeps, newest first, each with ``done``, its trials that have ended."""
        where = "WHERE suite = ? " if suite is not None else ""
        params = (limit,) if suite is None else (suite, limit)
        return self._select(f"{where}ORDER BY started_at DESC, sweep_id LIMIT ?", params)

    def load_trials(self, sweep_id: str) -> list[dict[str, Any]]:
        """Its trials by number, without the values of the single cases."""
        columns = ", ".join(TRIAL_COLUMNS)
        return self._store.query(f"SELECT {columns} FROM trials WHERE sweep_id = ? ORDER BY number", (sweep_id,))

    def load_case_values(self, sweep_id: str, numbers: Sequence[int]) -> dict[int, dict[str, list[float | None]]]:
        """Of these trials, per trial and measure the value of each case."""
        rows = self._store.query(
            "SELECT number, per_case FROM trials WHERE sweep_id = ? AND list_contains(?, number) ORDER BY number",
            (sweep_id, list(numbers)),
        )
        return {row["number"]: row["per_case"] for row in rows}

    def _select(self, rest: str, params: Sequence[Any]) -> list[dict[str, Any]]:
        rows = self._store.query(
            f"SELECT *, (SELECT count(*) FROM trials t WHERE t.sweep_id = sweeps.sweep_id) AS done FROM sweeps {rest}",
            params,
        )
        silent_since = utc_now() - SILENCE
        for row in rows:
            if row["status"] == "running" and (row["heartbeat_at"] < silent_since or not is_alive(row["pid"])):
                row["status"] = "interrupted"
        return rows
