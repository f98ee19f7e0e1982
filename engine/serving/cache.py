"""Answers that were given before, found again in three tiers behind one interface.

``memory``: exact, least recently used first out, for some minutes. ``store``: exact, shared by all processes of a home, the
same minutes. ``semantic``: a question that asks the same in other words, decided by :mod:`engine.serving.semantic`. Nothing is
found whose scope is another: documents, settings, prompt, models or code have changed since. Only
:meth:`AnswerCache.find_stale`, for when nothing else can answer, looks past that.
"""

from __future__ import annotations

import contextvars
import dataclasses
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import numpy as np

from engine.errors import PhasegateError
from engine.serving.answer_json import count_answer_bytes, encode_answer
from engine.serving.behind import Behind
from engine.serving.bounded import BoundedCache
from engine.serving.cache_counts import CacheCounts
from engine.serving.cache_key import CacheKey
from engine.serving.identity import mark_cleared
from engine.serving.kept_answers import CachedAnswer, KeptAnswer, hand_out, read_row
from engine.serving.similar_questions import SimilarQuestions, embed_once
from engine.serving.single_flight import SingleFlight
from engine.serving.store_writer import StoreWriter
from engine.store.answer_cache import AnswerCacheStore
from engine.store.liveness import utc_now
from engine.store.store import Store
from engine.types import Answer

__all__ = ["AnswerCache", "CacheKey", "CachedAnswer"]

MB = 1024 * 1024
STORE_ENTRIES = 20_000
STORE_CHARACTERS = 256 * MB
Vector = Callable[[], np.ndarray]
_embedding = ThreadPoolExecutor(2, thread_name_prefix="answer-embed")


class AnswerCache:
    """The tiers that keep answers. Safe to use from several threads.

    Args:
        store: the tier ``store`` is left out without one.
        entries, largest_bytes: bounds of the memory tier.
        ttl_s: seconds that an answer is used.
        semantic: whether questions in other words are found.
        is_private: says of a question or an answer that it may not be written down; both are then kept in memory alone.
        clock: seconds that never run backwards.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        entries: int = 2_000,
        ttl_s: float = 900.0,
        largest_bytes: int = 256 * MB,
        semantic: bool = True,
        is_private: Callable[[str], bool] = lambda text: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ttl_s = ttl_s
        self._memory = BoundedCache("memory", entries, largest_bytes, ttl_s, clock)
        self._rows = AnswerCacheStore(store) if store is not None else None
        self._store_counts = CacheCounts("store")
        self._similar = SimilarQuestions(self._rows, entries) if semantic else None
        self._is_private = is_private
        self._failure = ""
        self._held = False
        self._behind = Behind("answer-keep")
        self._writer = StoreWriter(self._rows.keep, self.prune) if self._rows else None
        self.flights = SingleFlight(self._memory.counts)

    def find(self, key: CacheKey, vector: Vector) -> CachedAnswer | None:
        """A kept answer from the first tier that has one. ``vector``: the question's, asked for by the last tier alone."""
        return self.find_in_memory(key) or self.find_beyond_memory(key, vector)

    def find_in_memory(self, key: CacheKey) -> CachedAnswer | None:
        """From the tier ``memory``, in microseconds: it may be asked on an event loop."""
        started = time.perf_counter()
        kept = self._memory.find(key.family, lambda entry: entry.key == key.digest)
        if kept is None:
            return None
        _, age = self._memory.peek(key.family) or (None, 0.0)
        return hand_out(kept, "memory", age, key.question, started)

    def find_beyond_memory(self, key: CacheKey, vector: Vector) -> CachedAnswer | None:
        """From the tiers ``store`` and ``semantic``. Asks the store, so not for the thread of an event loop."""
        self._behind.wait()
        if self._rows is None or self._similar is None or key.history or not self._similar.asks_for_vector(key):
            return self._find_stored(key) or self._find_similar(key, vector)
        # The vector, which the search needs as well, is made while the store is asked.
        embedded = _embedding.submit(contextvars.copy_context().run, vector)
        return self._find_stored(key) or self._find_similar(key, embedded.result)

    def find_stale(self, key: CacheKey) -> CachedAnswer | None:
        """The newest answer to this question under these settings, right or not: for recovery, when nothing else answers.

        Whoever serves it says so in the answer, with its age.
        """
        started = time.perf_counter()
        found = self._memory.peek(key.family)
        if found:
            kept, age = found
            fresh = kept.key == key.digest and age < self.ttl_s
            self._memory.counts.add("hit" if fresh else "stale")
            return dataclasses.replace(hand_out(kept, "memory", age, key.question, started), stale=not fresh)
        row = self._ask_store(lambda rows: rows.find_newest(key.family))
        if row is None or (kept := read_row(row, key)) is None:
            return None
        age = _age(row)
        fresh = kept.key == key.digest and age < self.ttl_s
        self._store_counts.add("hit" if fresh else "stale")
        return dataclasses.replace(hand_out(kept, "store", age, key.question, started), stale=not fresh)

    def keep(
        self, key: CacheKey, vector: Vector, answer: Answer, compute_ms: float, *, scope_now: str | None = None
    ) -> bool:
        """Keep an answer, in memory at once and in the tiers beyond it a moment later. Of a conversation, in memory alone.

        Args:
            vector: the question's; asked for when the semantic tier takes the answer.
            compute_ms: what finding it saves.
            scope_now: the scope after the answer was made. When it is another than the key's, documents or settings
                changed meanwhile and nobody knows which of them the answer saw: it is not kept.

        Returns:
            whether it was kept: not when it is degraded or came from a cache itself, nor after ``close``.
        """
        if answer.degraded or answer.cache_tier is not None or (scope_now is not None and scope_now != key.scope):
            return False
        if self._behind.closed:
            return False
        size = count_answer_bytes(answer)
        self._hold(key.family, KeptAnswer(key.digest, key.corpus, key.question, answer, compute_ms, size))
        self._behind.do(self._keep_beyond, key, vector, answer, compute_ms)
        return True

    def _keep_beyond(self, key: CacheKey, vector: Vector, answer: Answer, compute_ms: float) -> None:
        """Keep an answer in the tiers beyond memory."""
        private = self._is_private(key.question) or self._is_private(answer.text)
        vectors = None
        if self._similar is not None and not private and not key.history and not answer.abstained:
            vectors = embed_once(vector)
            if vectors is not None:
                self._similar.add(key, vectors)
        if self._writer and not (private or key.history or self._held):
            now = utc_now()
            row = {
                "key": key.digest,
                "scope": key.scope,
                "corpus": key.corpus,
                "question": key.question,
                "vector": None if vectors is None else [round(float(x), 5) for x in vectors],
                "answer": encode_answer(answer),
                "compute_ms": compute_ms,
                "cost_usd": answer.cost_usd,
                "made_at": now,
                "expires_at": now + timedelta(seconds=self.ttl_s),
            }
            self._writer.add(row)
            self._store_counts.add("stored")

    def _count_stale(self, family: str) -> None:
        if self._ask_store(lambda rows: rows.has_family(family)):
            self._store_counts.add("stale")

    def forget(self, questions: Collection[str]) -> int:
        """Let go of the answers to these questions, in every tier; how many there were in memory and store."""
        asked = frozenset(questions)
        return self._drop(lambda corpus, question: question in asked, lambda rows: rows.forget(asked))

    def clear(self, corpus: str | None = None) -> int:
        """Let go of the answers from a corpus, or of all; how many there were in memory and store. The counts stay.

        With a store, other processes find them no more either: what they hold is of a scope that has passed.

        Raises:
            StoreError: the store does not take the deletion.
        """
        if self._rows is not None:
            mark_cleared(corpus)
        return self._drop(lambda own, question: corpus in (None, own), lambda rows: rows.clear(corpus))

    def clear_memory(self) -> int:
        """Let go of what is kept in memory alone, when memory runs short; how many answers. The store keeps them."""
        if self._similar is not None:
            self._similar.clear()
        dropped = self._memory.clear()
        if dropped:
            self._memory.counts.add("evicted", count=dropped)
        return dropped

    def hold_writes(self, held: bool) -> None:
        """While held nothing is written to the store, whose disk runs low; what is there is still found."""
        self._held = held

    def prune(self) -> int:
        """Delete the store's rows that are too old or too many; how many. Done by itself once a minute."""
        pruned = self._rows.prune(STORE_ENTRIES, STORE_CHARACTERS) if self._rows else 0
        if pruned:
            self._store_counts.add("evicted", count=pruned)
        return pruned

    def flush(self) -> None:
        """Wait until what was kept is in every tier."""
        self._behind.wait()
        if self._writer:
            self._writer.flush()

    def close(self) -> None:
        """Write what is still to be written."""
        self._behind.close()
        if self._writer:
            self._writer.close()

    def describe(self) -> dict[str, dict[str, Any]]:
        """Counts since the start by tier, and under ``answers`` how many questions were answered from any of them.

        Of the tier ``store``, ``failure`` says why it does not answer; it is empty while it does.
        """
        self._behind.wait()
        tiers: dict[str, dict[str, Any]] = {"memory": self._memory.describe()}
        if self._rows:
            failure = self._failure or self._behind.failure or (self._writer.failure if self._writer else "")
            tiers["store"] = {**self._store_counts.as_json(), "ttl_s": self.ttl_s, "failure": failure}
        if self._similar is not None:
            tiers["semantic"] = {**self._similar.counts.as_json(), "entries": len(self._similar)}
        asked = tiers["memory"]["hit"] + tiers["memory"]["miss"]
        hits = sum(tier["hit"] for tier in tiers.values())
        tiers["answers"] = {
            "asked": asked,
            "hit": hits,
            "joined": tiers["memory"]["joined"],
            "hit_rate": hits / asked if asked else None,
            "saved_ms": round(sum(tier["saved_ms"] for tier in tiers.values()), 3),
            "saved_usd": sum(tier["saved_usd"] for tier in tiers.values()),
        }
        return tiers

    def _find_stored(self, key: CacheKey) -> CachedAnswer | None:
        if self._rows is None:
            return None
        started = time.perf_counter()
        row = self._ask_store(lambda rows: rows.find(key.digest))
        kept = read_row(row, key) if row else None
        if row is None or kept is None:
            self._behind.do(self._count_stale, key.family)
            self._store_counts.add("miss")
            return None
        age = _age(row)
        self._hold(key.family, kept, age)
        self._store_counts.add("hit", kept.compute_ms, row["cost_usd"])
        return hand_out(kept, "store", age, key.question, started)

    def _find_similar(self, key: CacheKey, vector: Vector) -> CachedAnswer | None:
        if self._similar is None or key.history:
            return None
        started = time.perf_counter()
        for found in self._similar.find(key, vector):
            family = found.partition(".")[0]
            held = self._memory.peek(family)
            if held and held[0].key == found and held[1] < self.ttl_s:
                kept, age = held
            else:
                row = self._ask_store(lambda rows, digest=found: rows.find(digest))
                kept = read_row(row, key, found) if row else None
                if row is None or kept is None:
                    self._similar.remove(key.scope, found)
                    continue
                age = _age(row)
                self._hold(family, kept, age)
            self._similar.counts.add("hit", kept.compute_ms, kept.answer.cost_usd)
            # Found exactly from now on: asked once more, it needs no vector.
            self._hold(key.family, dataclasses.replace(kept, key=key.digest), age)
            return hand_out(kept, "semantic", age, key.question, started)
        self._similar.counts.add("miss")
        return None

    def _hold(self, family: str, kept: KeptAnswer, age_s: float = 0.0) -> None:
        """Put an answer into memory, as old as it is."""
        saved = {"saved_ms": kept.compute_ms, "saved_usd": kept.answer.cost_usd}
        self._memory.keep(family, kept, kept.size, **saved, age_s=age_s)

    def _drop(self, unwanted: Callable[[str, str], bool], delete: Callable[[AnswerCacheStore], int]) -> int:
        self._behind.wait()
        if self._writer:
            self._writer.drop(lambda row: unwanted(row["corpus"], row["question"]))
        dropped = self._memory.drop(lambda kept: unwanted(kept.corpus, kept.asked))
        if self._similar is not None:
            self._similar.clear()
        return dropped + (delete(self._rows) if self._rows else 0)

    def _ask_store(self, ask: Callable[[AnswerCacheStore], Any]) -> Any:
        """What the store says; None when it does not answer, which costs a cached answer and not the question."""
        if self._rows is None:
            return None
        try:
            found = ask(self._rows)
        except PhasegateError as error:
            self._failure = error.message
            return None
        self._failure = ""
        return found


def _age(row: Mapping[str, Any]) -> float:
    """Seconds since a row was made; a clock that was set back makes none younger than new."""
    return max(0.0, float((utc_now() - row["made_at"]).total_seconds()))
