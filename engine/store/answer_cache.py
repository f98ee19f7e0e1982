"""Answers that were given, kept in the store: other processes and later ones find them, until they are too old or too many."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.store.liveness import utc_now
from engine.store.store import Store

# Answers that are past their time stay so long for recovery alone: when nothing else answers, an old answer may.
GRACE = timedelta(hours=24)


class AnswerCacheStore:
    """Rows of ``answer_cache``. Keys of one question in one choice of settings begin alike: ``family.versions``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, key: str) -> dict[str, Any] | None:
        """question, answer, compute_ms, cost_usd and made_at of the row under ``key``; None when it is past its time.

        The statement is as simple as can be: from another process, planning it takes longer than running it.
        """
        rows = self._store.query(
            "SELECT question, answer, compute_ms, cost_usd, made_at FROM answer_cache WHERE key = ? AND expires_at > ?",
            (key, utc_now()),
        )
        return rows[0] if rows else None

    def load_families(self) -> list[str]:
        """The families of all rows, whatever their age. As one text: twenty thousand take a few milliseconds."""
        (row,) = self._store.query(
            "SELECT string_agg(DISTINCT split_part(key, '.', 1), ' ') AS families FROM answer_cache"
        )
        return str(row["families"]).split() if row["families"] else []

    def find_newest(self, family: str) -> dict[str, Any] | None:
        """The newest row of a family, whatever its versions and its age."""
        rows = self._store.query(
            "SELECT * EXCLUDE vector FROM answer_cache WHERE key >= ? AND key < ? ORDER BY made_at DESC LIMIT 1",
            _range(family),
        )
        return rows[0] if rows else None

    def load_questions(self, scope: str, after: datetime, limit: int) -> list[dict[str, Any]]:
        """key, question, vector and made_at of the newest fresh rows of a scope that were made after a time, oldest first."""
        return self._store.query(
            "SELECT * FROM (SELECT key, question, vector, made_at FROM answer_cache WHERE scope = ? AND made_at > ?"
            " AND expires_at > ? AND vector IS NOT NULL ORDER BY made_at DESC LIMIT ?) ORDER BY made_at",
            (scope, after, utc_now(), limit),
        )

    def keep(self, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows; one whose key is there replaces it."""
        self._store.insert("answer_cache", rows)

    def prune(self, entries: int, characters: int) -> int:
        """Delete what is past its time and its grace, then the oldest beyond so many rows or characters; how many."""
        doomed = (
            "SELECT key FROM (SELECT key, expires_at, row_number() OVER newest AS place,"
            " sum(strlen(CAST(answer AS VARCHAR))) OVER newest AS held FROM answer_cache"
            " WINDOW newest AS (ORDER BY made_at DESC, key)) WHERE expires_at < ? OR place > ? OR held > ?"
        )
        bounds = (utc_now() - GRACE, entries, characters)
        count = int(self._store.query(f"SELECT count(*) AS n FROM ({doomed})", bounds)[0]["n"])
        if count:
            self._store.execute(f"DELETE FROM answer_cache WHERE key IN ({doomed})", bounds)
        return count

    def clear(self, corpus: str | None = None) -> int:
        """Delete the rows of a corpus, or all; how many there were."""
        where, params = ("corpus = ?", (corpus,)) if corpus is not None else ("TRUE", ())
        count = int(self._store.query(f"SELECT count(*) AS n FROM answer_cache WHERE {where}", params)[0]["n"])
        self._store.execute(f"DELETE FROM answer_cache WHERE {where}", params)
        return count

    def forget(self, questions: Collection[str]) -> int:
        """Delete the rows of these questions; how many there were."""
        asked = ", ".join("?" * len(questions)) or "NULL"
        found = self._store.query(f"SELECT count(*) AS n FROM answer_cache WHERE question IN ({asked})", [*questions])
        self._store.execute(f"DELETE FROM answer_cache WHERE question IN ({asked})", [*questions])
        return int(found[0]["n"])

    def describe(self) -> list[dict[str, Any]]:
        """By corpus: entries, fresh ones, characters, mean compute_ms, the USD that they cost, oldest and newest."""
        return self._store.query(
            "SELECT corpus, count(*) AS entries, count(*) FILTER (expires_at > ?) AS fresh,"
            " sum(strlen(CAST(answer AS VARCHAR))) AS characters, avg(compute_ms) AS mean_ms, sum(cost_usd) AS usd,"
            " min(made_at) AS oldest, max(made_at) AS newest FROM answer_cache GROUP BY corpus ORDER BY corpus",
            (utc_now(),),
        )


def _range(family: str) -> tuple[str, str]:
    """Bounds of the keys that begin with a family: the character after the dot is the slash."""
    return f"{family}.", f"{family}/"
