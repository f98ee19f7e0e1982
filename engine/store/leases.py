"""Leases: what one process alone of all that share a store may do, until it ends or falls silent."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.store.liveness import utc_now
from engine.store.store import Store


class LeaseStore:
    """Takes and gives back leases."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, name: str, holder: str, seconds: float, now: datetime | None = None) -> bool:
        """Take or renew a lease for some seconds; whether this holder has it now.

        One that ends later than it could have been taken for is free: the clock was set back.
        """
        now = now or utc_now()
        until = now + timedelta(seconds=seconds)
        self._store.execute(
            "INSERT INTO leases VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,"
            " until_at = excluded.until_at WHERE leases.holder = excluded.holder OR leases.until_at < ?"
            " OR leases.until_at > ?",
            (name, holder, until, now, now + timedelta(seconds=2 * seconds)),
        )
        rows = self._store.query("SELECT holder FROM leases WHERE name = ?", (name,))
        return bool(rows) and rows[0]["holder"] == holder

    def give_back(self, name: str, holder: str) -> None:
        """Let another process have it."""
        self._store.execute("DELETE FROM leases WHERE name = ? AND holder = ?", (name, holder))
