"""Requests that were served, their calls to providers and the changes of breakers, as the recorder leaves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.store.liveness import utc_now
from engine.store.store import Store

OUTCOMES = ("answered", "abstained", "degraded", "refused", "error", "cancelled")
KEPT = timedelta(days=7)
AHEAD = timedelta(minutes=5)
"""A request dated later than so long from now was asked while the clock was wrong."""
BREAKERS_KEPT = timedelta(days=30)
_WINDOW_COLUMNS = "asked_at, outcome, total_ms, context_quality"
_COUNTS = ", ".join(f"count(*) FILTER (outcome = '{name}') AS {name}" for name in OUTCOMES)


class RequestStore:
    """Writes and reads the tables ``requests``, ``provider_calls`` and ``breaker_changes``; the recorder's recoveries too."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_rows(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows of one of these tables; a row that is there already stays as it is."""
        self._store.insert(table, rows, replace=False)

    def load_latest(self, limit: int = 100, now: datetime | None = None) -> list[dict[str, Any]]:
        """What the rolling windows need of the last ``limit`` requests, oldest first.

        Requests of a time that has yet to come are left out: they would stay the latest until it has.
        """
        rows = self._store.query(
            f"SELECT {_WINDOW_COLUMNS} FROM requests WHERE asked_at <= ? ORDER BY asked_at DESC LIMIT ?",
            ((now or utc_now()) + AHEAD, limit),
        )
        return rows[::-1]

    def find_request(self, correlation_id: str) -> dict[str, Any] | None:
        """One request with its calls under ``calls``, or None."""
        rows = self._store.query("SELECT * FROM requests WHERE correlation_id = ?", (correlation_id,))
        if not rows:
            return None
        calls = self._store.query(
            "SELECT * FROM provider_calls WHERE correlation_id = ? ORDER BY started_at, attempt", (correlation_id,)
        )
        return {**rows[0], "calls": calls}

    def load_intervals(self, begin: datetime, end: datetime, seconds: int) -> dict[datetime, dict[str, Any]]:
        """Requests added up by the begin of each interval of ``seconds`` that has any.

        Counts by outcome under the outcomes' names; ``ms`` (p50, p95, p99, mean; None where all were cancelled),
        ``context_quality`` (mean), ``tokens``, ``cost_usd``.
        """
        rows = self._store.query(
            f"SELECT time_bucket(to_seconds(?), asked_at, TIMESTAMP '1970-01-01') AS taken_at, {_COUNTS},"
            " quantile_cont(total_ms, [0.5, 0.95, 0.99]) FILTER (outcome <> 'cancelled') AS ms,"
            " avg(total_ms) FILTER (outcome <> 'cancelled') AS mean_ms, avg(context_quality) AS context_quality,"
            " sum(prompt_tokens + completion_tokens) AS tokens, sum(cost_usd) AS cost_usd"
            " FROM requests WHERE asked_at >= ? AND asked_at < ? GROUP BY 1",
            (seconds, begin, end),
        )
        return {row["taken_at"]: row for row in rows}

    def find_down_providers(self, since: datetime, fewest: int) -> dict[str, dict[str, Any]]:
        """Calls and failures since a time of each provider that had at least ``fewest`` calls."""
        rows = self._store.query(
            "SELECT provider, count(*) AS calls, count(*) FILTER (outcome NOT IN ('ok', 'cancelled')) AS failed,"
            " arg_max(outcome, started_at) AS last_outcome, max(started_at) AS last_at FROM provider_calls"
            " WHERE started_at >= ? GROUP BY provider HAVING count(*) >= ? ORDER BY provider",
            (since, fewest),
        )
        return {row["provider"]: row for row in rows}

    def load_breakers(self) -> dict[str, dict[str, Any]]:
        """The newest state of each provider's breaker."""
        rows = self._store.query(
            "SELECT provider, arg_max(state, changed_at) AS state, arg_max(reason, changed_at) AS reason,"
            " max(changed_at) AS changed_at FROM breaker_changes GROUP BY provider ORDER BY provider"
        )
        return {row["provider"]: row for row in rows}

    def prune(self, now: datetime) -> None:
        """Forget requests and calls of more than seven days ago, changes of breakers of more than thirty."""
        self._store.execute("DELETE FROM requests WHERE asked_at < ?", (now - KEPT,))
        self._store.execute("DELETE FROM provider_calls WHERE started_at < ?", (now - KEPT,))
        self._store.execute("DELETE FROM breaker_changes WHERE changed_at < ?", (now - BREAKERS_KEPT,))
