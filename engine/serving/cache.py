"""Answers that were given before, found again in three tiers behind one interface.

``memory``: exact, least recently used first out, for some minutes. ``store``: exact, shared by all processes of a home, the
same minutes. ``semantic``: a question that asks the same in other words, decided by :mod:`engine.serving.semantic`. Nothing is
found whose scope is another: documents, settings, prompt, models or code have changed since. Only
:meth:`AnswerCache.find_stale`, for when nothing else can answer, looks past that.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from engine.search_threads import begin_embedding
from engine.serving.answer_json import count_answer_bytes
from engine.serving.behind import Behind
from engine.serving.bounded import BoundedCache
from engine.serving.cache_key import CacheKey
from engine.serving.identity import mark_cleared
from engine.serving.kept_answers import CachedAnswer, KeptAnswer, hand_out
from engine.serving.similar_questions import SimilarQuestions, embed_once
from engine.serving.single_flight import SingleFlight
from engine.serving.stored_answers import StoredAnswers
from engine.store.answer_cache import AnswerCacheStore
from engine.store.store import Store
from engine.types import Answer

__all__ = ["AnswerCache", "CacheKey", "CachedAnswer"]

MB = 1024 * 1024
Vector = Callable[[], np.ndarray]


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
        rows = AnswerCacheStore(store) if store is not None else None
        self._behind = Behind("answer-keep")
        self._stored = StoredAnswers(rows, ttl_s, self._behind) if rows else None
        self._similar = SimilarQuestions(rows, entries) if semantic else None
        self._is_private = is_private
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

    def is_new(self, key: CacheKey) -> bool:
        """Whether no tier beyond memory can have an answer, as far as this process knows; that is counted as their misses.

        Asks nobody: for an event loop, which need not wait for a thread then.
        """
        stored = None if key.history else self._stored
        similar = None if key.history else self._similar
        if (stored is not None and stored.may_hold(key)) or (similar is not None and similar.may_know(key)):
            return False
        if stored is not None:
            stored.count_miss(key)
        if similar is not None:
            similar.counts.add("miss")
        return True

    def find_beyond_memory(self, key: CacheKey, vector: Vector) -> CachedAnswer | None:
        """From the tiers ``store`` and ``semantic``, which know no conversations. Asks the store, so not for the thread of
        an event loop."""
        if key.history:
            return None
        asks_store = self._stored is not None and self._stored.may_hold(key)
        if asks_store and self._similar is not None and self._similar.asks_for_vector(key):
            # The vector, which the search needs as well, is made while the store is asked.
            vector = begin_embedding(vector).result
        return self._find_stored(key) or self._find_similar(key, vector)

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
            return hand_out(kept, "memory", age, key.question, started, stale=not fresh)
        return self._stored.find_stale(key, started) if self._stored else None

    def keep(
        self,
        key: CacheKey,
        vector: Vector,
        answer: Answer,
        compute_ms: float,
        *,
        identify: Callable[[], str] | None = None,
    ) -> bool:
        """Keep an answer, in memory at once and in the tiers beyond it a moment later. Of a conversation, in memory alone.

        Args:
            vector: the question's; asked for when the semantic tier takes the answer.
            compute_ms: what finding it saves.
            identify: the scope now, asked a moment later. When it is another than the key's, documents or settings
                changed meanwhile and nobody knows which of them the answer saw: only ``find_stale`` finds it from then
                on, and until then those who began before that change.

        Returns:
            whether it was kept: not when it is degraded or came from a cache itself, nor after ``close``.
        """
        if answer.degraded or answer.cache_tier is not None or self._behind.closed:
            return False
        size = count_answer_bytes(answer)
        self._hold(key.family, KeptAnswer(key.digest, key.corpus, key.question, answer, compute_ms, size))
        self._behind.do(self._keep_beyond, key, vector, answer, compute_ms, identify)
        return True

    def _keep_beyond(
        self, key: CacheKey, vector: Vector, answer: Answer, compute_ms: float, identify: Callable[[], str] | None
    ) -> None:
        """Keep an answer in the tiers beyond memory; in none, when something has changed since it was asked for."""
        if identify is not None and identify() != key.scope:
            held = self._memory.peek(key.family)
            if held and held[0].key == key.digest:
                self._hold(key.family, dataclasses.replace(held[0], key=key.family), held[1])
            return
        private = self._is_private(key.question) or self._is_private(answer.text)
        vectors = None
        if self._similar is not None and not private and not key.history and not answer.abstained:
            vectors = embed_once(vector)
            if vectors is not None:
                self._similar.add(key, vectors)
        if self._stored and not (private or key.history):
            self._stored.keep(key, vectors, answer, compute_ms)

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
        if self._stored is not None:
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
        if self._stored:
            self._stored.held = held

    def prune(self) -> int:
        """Delete the store's rows that are too old or too many; how many. Done by itself once a minute."""
        return self._stored.prune() if self._stored else 0

    def flush(self) -> None:
        """Wait until what was kept is in every tier."""
        self._behind.wait()
        if self._stored:
            self._stored.flush()

    def close(self) -> None:
        """Write what is still to be written."""
        self._behind.close()
        if self._stored:
            self._stored.close()

    def describe(self) -> dict[str, dict[str, Any]]:
        """Counts since the start by tier, and under ``answers`` how many questions were answered from any of them.

        Of the tier ``store``, ``failure`` says why it does not answer; it is empty while it does.
        """
        self._behind.wait()
        tiers: dict[str, dict[str, Any]] = {"memory": self._memory.describe()}
        if self._stored:
            tiers["store"] = self._stored.describe()
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
        if self._stored is None:
            return None
        started = time.perf_counter()
        found = self._stored.find(key)
        if found is None:
            return None
        kept, age, _ = found
        self._hold(key.family, kept, age)
        return hand_out(kept, "store", age, key.question, started)

    def _find_similar(self, key: CacheKey, vector: Vector) -> CachedAnswer | None:
        if self._similar is None:
            return None
        started = time.perf_counter()
        for found in self._similar.find(key, vector):
            family = found.partition(".")[0]
            held = self._memory.peek(family)
            if held and held[0].key == found and held[1] < self.ttl_s:
                kept, age = held
            else:
                stored = self._stored.load(key, found) if self._stored else None
                if stored is None:
                    self._similar.remove(key.scope, found)
                    continue
                kept, age, _ = stored
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
        if self._stored:
            self._stored.drop_waiting(unwanted)
        dropped = self._memory.drop(lambda kept: unwanted(kept.corpus, kept.asked))
        if self._similar is not None:
            self._similar.clear()
        return dropped + (delete(self._stored.rows) if self._stored else 0)
