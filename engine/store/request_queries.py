"""What the Live screen asks of requests, calls and breakers. Every question reads one window of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import UnknownNameError
from engine.store.requests import OUTCOMES, RequestStore
from engine.store.store import Store

SORTS = {
    "newest": "asked_at DESC",
    "oldest": "asked_at",
    "slowest": "total_ms DESC",
    "dearest": "cost_usd DESC",
    "worst context": "context_quality ASC NULLS LAST",
}
# Percentiles look at every n-th request, so that at most about so many values are sorted.
SORTED_AT_MOST = 100_000
_MS = "quantile_cont(total_ms, [0.5, 0.95, 0.99]) FILTER (outcome <> 'cancelled' AND rowid % ? = 0) AS ms"
_COUNTS = ", ".join(f"count(*) FILTER (outcome = '{name}') AS {name}" for name in OUTCOMES)
_SUMS = (
    "sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens, sum(cost_usd) AS cost_usd,"
    " count(cache_tier) AS cached"
)
_ROW = (
    "correlation_id, asked_at, door, corpus, session, question, outcome, reason, cache_tier, provider, total_ms,"
    " first_text_ms, context_quality, prompt_tokens + completion_tokens AS tokens, cost_usd"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter:
    """Which requests of a window: empty fields take all. ``words`` is looked for in the question, whatever its case.

    ``outcome`` may also be ``failed``: degraded, refused and error.
    """

    begin: datetime
    end: datetime
    outcome: str = ""
    door: str = ""
    tier: str = ""
    provider: str = ""
    words: str = ""

    def build(self) -> tuple[str, list[Any]]:
        """The condition and its values."""
        parts, params = ["asked_at >= ? AND asked_at < ?"], [self.begin, self.end]
        values: list[Any] = list(params)
        if self.outcome == "failed":
            parts.append("outcome IN ('degraded', 'refused', 'error')")
        elif self.outcome:
            parts.append("outcome = ?")
            values.append(self.outcome)
        for column, value in (("door", self.door), ("provider", self.provider)):
            if value:
                parts.append(f"{column} = ?")
                values.append(value)
        if self.tier == "none":
            parts.append("cache_tier IS NULL")
        elif self.tier:
            parts.append("cache_tier = ?")
            values.append(self.tier)
        if self.words.strip():
            parts.append("contains(lower(question), lower(?))")
            values.append(self.words.strip())
        return " AND ".join(parts), values


class RequestQueries:
    """Reads the tables ``requests``, ``provider_calls`` and ``breaker_changes``; writes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def count_all(self) -> int:
        """Requests that are kept."""
        return int(self._store.query("SELECT count(*) AS n FROM requests")[0]["n"])

    def find_latest(self) -> datetime | None:
        """When the newest request was asked."""
        found: datetime | None = self._store.query("SELECT max(asked_at) AS last FROM requests")[0]["last"]
        return found

    def count_window(self, begin: datetime, end: datetime) -> int:
        """Requests of a window."""
        sql = "SELECT count(*) AS n FROM requests WHERE asked_at >= ? AND asked_at < ?"
        return int(self._store.query(sql, (begin, end))[0]["n"])

    def load_series(self, begin: datetime, end: datetime, seconds: int, every: int = 1) -> list[dict[str, Any]]:
        """By interval of ``seconds``, oldest first: ``bucket`` (its number since 1970), counts by outcome, ``ms`` (p50, p95, p99), tokens, cost, cached.

        Intervals without requests are missing. Percentiles are of every ``every``-th request.
        """
        return self._store.query(
            "SELECT CAST(floor(epoch(asked_at) / ?) AS BIGINT) AS bucket, count(*) AS requests,"
            f" {_COUNTS}, {_SUMS}, {_MS} FROM requests"
            " WHERE asked_at >= ? AND asked_at < ? GROUP BY 1 ORDER BY 1",
            (seconds, every, begin, end),
        )

    def load_summary(self, begin: datetime, end: datetime, every: int = 1) -> dict[str, Any]:
        """Over the whole window: ``ms`` (p50, p95, p99), mean ``context_quality``, ``first_text_p95``."""
        return self._store.query(
            f"SELECT {_MS}, avg(context_quality) AS context_quality,"
            " quantile_cont(first_text_ms, 0.95) FILTER (rowid % ? = 0) AS first_text_p95 FROM requests"
            " WHERE asked_at >= ? AND asked_at < ?",
            (every, every, begin, end),
        )[0]

    def load_tiers(self, begin: datetime, end: datetime, every: int = 1) -> list[dict[str, Any]]:
        """Requests by the tier that answered them; ``tier`` is None for those that were computed."""
        return self._store.query(
            "SELECT cache_tier AS tier, count(*) AS requests, avg(total_ms) AS mean_ms,"
            " quantile_cont(total_ms, 0.5) FILTER (rowid % ? = 0) AS p50_ms FROM requests"
            " WHERE asked_at >= ? AND asked_at < ? GROUP BY 1 ORDER BY 2 DESC",
            (every, begin, end),
        )

    def load_providers(self, begin: datetime, end: datetime, every: int = 1) -> list[dict[str, Any]]:
        """Calls by provider: counts, percentiles of those that went well, tokens, cost, the last that failed."""
        ok = "outcome IN ('ok', 'cancelled')"
        return self._store.query(
            f"SELECT provider, count(*) AS calls, count(*) FILTER (NOT {ok}) AS failed,"
            " quantile_cont(ms, [0.5, 0.95]) FILTER (outcome = 'ok' AND rowid % ? = 0) AS ms,"
            " quantile_cont(first_token_ms, 0.5) FILTER (rowid % ? = 0) AS first_token_ms,"
            " sum(prompt_tokens + completion_tokens) AS tokens, sum(cost_usd) AS cost_usd,"
            f" arg_max(outcome, started_at) FILTER (NOT {ok}) AS last_failure,"
            f" max(started_at) FILTER (NOT {ok}) AS last_failed_at"
            " FROM provider_calls WHERE started_at >= ? AND started_at < ? GROUP BY 1 ORDER BY 2 DESC, 1",
            (every, every, begin, end),
        )

    def load_breakers(self) -> dict[str, dict[str, Any]]:
        """The newest state of each provider's breaker."""
        return RequestStore(self._store).load_breakers()

    def list_breaker_changes(self, begin: datetime, limit: int = 50) -> list[dict[str, Any]]:
        """Changes of breakers since a time, newest first."""
        return self._store.query(
            "SELECT provider, changed_at, state, reason FROM breaker_changes WHERE changed_at >= ?"
            " ORDER BY changed_at DESC LIMIT ?",
            (begin, limit),
        )

    def load_reasons(self, begin: datetime, end: datetime, limit: int = 8) -> list[dict[str, Any]]:
        """Why requests were degraded, refused or ended with an error, the most frequent first; one may have several reasons."""
        # A degraded answer's reasons are sentences, joined by semicolons; a semicolon within a sentence follows no stop.
        return self._store.query(
            "SELECT outcome, said AS reason, count(*) AS requests FROM (SELECT outcome,"
            " unnest(list_distinct(string_split(replace(regexp_replace(reason, '; retry after [0-9.]+ s', ''), '.; ', '.' || chr(10)), chr(10)))) AS said"
            " FROM requests WHERE asked_at >= ? AND asked_at < ? AND outcome IN ('degraded', 'refused', 'error'))"
            " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ?",
            (begin, end, limit),
        )

    def list_values(self, begin: datetime, end: datetime) -> Mapping[str, tuple[str, ...]]:
        """What a list can be narrowed to: ``door``, ``provider`` and ``tier`` with their values in the window."""
        row = self._store.query(
            "SELECT list(DISTINCT door) AS door, list(DISTINCT provider) AS provider,"
            " list(DISTINCT cache_tier) AS tier FROM requests WHERE asked_at >= ? AND asked_at < ?",
            (begin, end),
        )[0]
        return {name: tuple(sorted(value for value in values or () if value)) for name, values in row.items()}

    def list_requests(
        self, chosen: RequestFilter, sort: str = "newest", limit: int = 50, offset: int = 0
    ) -> list[dict[str, Any]]:
        """One page of requests, without their traces.

        Raises:
            UnknownNameError: no such order.
        """
        if sort not in SORTS:
            raise UnknownNameError("order", sort, SORTS)
        condition, params = chosen.build()
        # The page's rows first, by number: a sort over whole rows would carry every question along.
        return self._store.query(
            f"SELECT {_ROW} FROM requests WHERE rowid IN (SELECT rowid FROM requests WHERE {condition}"
            f" ORDER BY {SORTS[sort]}, rowid LIMIT ? OFFSET ?) ORDER BY {SORTS[sort]}, rowid",
            (*params, limit, offset),
        )

    def count_requests(self, chosen: RequestFilter) -> int:
        """How many there are under a filter."""
        condition, params = chosen.build()
        return int(self._store.query(f"SELECT count(*) AS n FROM requests WHERE {condition}", params)[0]["n"])
