"""Metrics in time: one row per interval and process, first of five minutes, later of an hour, at last of a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.store.store import Store


class MetricPointStore:
    """Writes and reads the table ``metric_points``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save_point(self, *, taken_at: datetime, resolution_s: int, process: str, figures: Mapping[str, Any]) -> None:
        """Keep the figures of an interval; those of the same interval and process are replaced."""
        row = {"taken_at": taken_at, "resolution_s": resolution_s, "process": process, "figures": figures}
        self._store.insert("metric_points", [row])

    def list_points(self, begin: datetime, end: datetime) -> list[dict[str, Any]]:
        """Points whose interval begins in the time, oldest first.

        A fine point under a coarse one of its process is left out: the coarse one was made of it, and only a process
        that ended in between has left both.
        """
        return self._store.query(
            "SELECT * FROM metric_points p WHERE taken_at >= ? AND taken_at < ? AND NOT EXISTS (SELECT 1"
            " FROM metric_points c WHERE c.process = p.process AND c.resolution_s > p.resolution_s"
            " AND c.taken_at <= p.taken_at AND p.taken_at < c.taken_at + to_seconds(c.resolution_s))"
            " ORDER BY taken_at, process, resolution_s",
            (begin, end),
        )

    def list_older(self, resolution_s: int, before: datetime) -> list[dict[str, Any]]:
        """Points of one resolution from before a time, oldest first."""
        return self._store.query(
            "SELECT * FROM metric_points WHERE resolution_s = ? AND taken_at < ? ORDER BY taken_at, process",
            (resolution_s, before),
        )

    def delete_points(self, resolution_s: int, begin: datetime, end: datetime, process: str) -> None:
        """Remove a process's points of one resolution in a time."""
        self._store.execute(
            "DELETE FROM metric_points WHERE resolution_s = ? AND taken_at >= ? AND taken_at < ? AND process = ?",
            (resolution_s, begin, end, process),
        )
