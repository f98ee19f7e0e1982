"""The tier ``store`` of kept answers: exact, shared by all processes of a home, and found again after a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np

from engine.errors import PhasegateError
from engine.serving.answer_json import encode_answer
from engine.serving.behind import Behind
from engine.serving.cache_counts import CacheCounts
from engine.serving.cache_key import CacheKey
from engine.serving.kept_answers import CachedAnswer, KeptAnswer, hand_out, read_row
from engine.serving.store_writer import StoreWriter
from engine.serving.stored_keys import StoredKeys
from engine.store.answer_cache import AnswerCacheStore
from engine.store.liveness import utc_now
from engine.types import Answer

ENTRIES = 20_000
CHARACTERS = 256 * 1024 * 1024
T = TypeVar("T")
Found = tuple[KeptAnswer, float, float]
"""An answer, its age in seconds, and the USD that it cost."""


class StoredAnswers:
    """Answers in the store. Safe to use from several threads.

    A store that does not answer costs a kept answer and not the question: nothing is found, and ``describe`` says why.

    Args:
        ttl_s: seconds that an answer is used.
        behind: where is done what no answer waits for.
    """

    def __init__(self, rows: AnswerCacheStore, ttl_s: float, behind: Behind) -> None:
        self.rows, self._ttl_s, self._behind = rows, ttl_s, behind
        self._counts = CacheCounts("store")
        self._keys = StoredKeys(rows)
        self._writer = StoreWriter(rows.keep, self.prune)
        self._failure = ""
        self.held = False
        """Nothing is written while this is so."""

    def may_hold(self, key: CacheKey) -> bool:
        """False when the answer to ``key`` is not here, as far as this process knows. Asks nobody."""
        return self._keys.may_hold(key.digest)

    def count_miss(self, key: CacheKey) -> None:
        """The answer to ``key`` is not here."""
        self._counts.add("miss")
        if self._keys.fresh:
            self._count_stale(key.family)  # asks nobody: no thread need be woken
        else:
            self._behind.do(self._count_stale, key.family)

    def find(self, key: CacheKey) -> Found | None:
        """The answer to ``key``, which is counted."""
        found = self.load(key) if self.may_hold(key) else None
        if found is None:
            self.count_miss(key)
            return None
        self._counts.add("hit", found[0].compute_ms, found[2])
        return found

    def load(self, key: CacheKey, digest: str | None = None) -> Found | None:
        """The answer under ``digest``, by default the key's own; not counted."""
        return _read(self._ask(lambda: self.rows.find(digest or key.digest)), key, digest)

    def find_stale(self, key: CacheKey, started: float) -> CachedAnswer | None:
        """The newest answer of the key's family, right or not."""
        found = _read(self._ask(lambda: self.rows.find_newest(key.family)), key)
        if found is None:
            return None
        kept, age, _ = found
        fresh = kept.key == key.digest and age < self._ttl_s
        self._counts.add("hit" if fresh else "stale")
        return hand_out(kept, "store", age, key.question, started, stale=not fresh)

    def keep(self, key: CacheKey, vector: np.ndarray | None, answer: Answer, compute_ms: float) -> None:
        """Have an answer written soon."""
        if self.held:
            return
        now = utc_now()
        self._writer.add(
            {
                "key": key.digest,
                "scope": key.scope,
                "corpus": key.corpus,
                "question": key.question,
                "vector": None if vector is None else [round(float(x), 5) for x in vector],
                "answer": encode_answer(answer),
                "compute_ms": compute_ms,
                "cost_usd": answer.cost_usd,
                "made_at": now,
                "expires_at": now + timedelta(seconds=self._ttl_s),
            }
        )
        self._keys.add(key.digest)
        self._counts.add("stored")

    def prune(self) -> int:
        """Delete the rows that are too old or too many; how many. Done by itself once a minute."""
        pruned = self.rows.prune(ENTRIES, CHARACTERS)
        if pruned:
            self._counts.add("evicted", count=pruned)
        return pruned

    def drop_waiting(self, unwanted: Callable[[str, str], bool]) -> None:
        """Forget answers that wait to be written, told by corpus and question."""
        self._writer.drop(lambda row: unwanted(row["corpus"], row["question"]))

    def flush(self) -> None:
        """Wait until all answers are written, or have failed."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is still to be written."""
        self._writer.close()

    def describe(self) -> dict[str, Any]:
        """Counts since the start; ``failure`` says why the store does not answer, and is empty while it does."""
        failure = self._failure or self._keys.failure or self._behind.failure or self._writer.failure
        return {**self._counts.as_json(), "ttl_s": self._ttl_s, "failure": failure}

    def _count_stale(self, family: str) -> None:
        if self._keys.has_family(family):
            self._counts.add("stale")

    def _ask(self, ask: Callable[[], T]) -> T | None:
        """What the store says; None when it does not answer."""
        try:
            found = ask()
        except PhasegateError as error:
            self._failure = error.message
            return None
        self._failure = ""
        return found


def _read(row: Mapping[str, Any] | None, key: CacheKey, digest: str | None = None) -> Found | None:
    kept = read_row(row, key, digest) if row else None
    return (kept, _age(row), row["cost_usd"]) if row and kept else None


def _age(row: Mapping[str, Any]) -> float:
    """Seconds since a row was made; a clock that was set back makes none younger than new."""
    return max(0.0, float((utc_now() - row["made_at"]).total_seconds()))
