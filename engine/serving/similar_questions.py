"""The questions of each scope that the semantic tier searches: those of this process, and those that others have stored."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from engine.errors import PhasegateError
from engine.serving.cache_counts import CacheCounts
from engine.serving.cache_key import CacheKey
from engine.serving.semantic import QuestionIndex, load_threshold
from engine.serving.stored_keys import LOOK_AGAIN_S
from engine.store.answer_cache import AnswerCacheStore

# A scope that no longer answers (documents have changed) makes room for the next one.
SCOPES = 8


@dataclass(slots=True)
class _Scope:
    index: QuestionIndex
    seen_until: datetime = datetime.min
    looked_at: float = float("-inf")


def embed_once(vector: Callable[[], np.ndarray]) -> np.ndarray | None:
    """The question's vector; None when its model gives none, which the search, that needs it too, says."""
    try:
        made = np.asarray(vector(), np.float32)
    except PhasegateError:
        return None
    return made if made.ndim == 1 and made.size else None


class SimilarQuestions:
    """Finds the keys of questions that ask the same. Safe to use from several threads.

    Args:
        rows: the store's answers; without them only this process's questions are known.
        entries: most questions of a scope that are taken from the store at once.
    """

    def __init__(self, rows: AnswerCacheStore | None, entries: int) -> None:
        self.counts = CacheCounts("semantic")
        self._rows, self._entries = rows, entries
        self._lock = threading.Lock()
        self._scopes: OrderedDict[str, _Scope] = OrderedDict()

    def __len__(self) -> int:
        with self._lock:
            return sum(len(scope.index) for scope in self._scopes.values())

    def find(self, key: CacheKey, vector: Callable[[], np.ndarray]) -> list[str]:
        """Keys of questions that ask the same as ``key``, the most similar first. Most are never embedded for it: a scope
        without questions asks for no vector."""
        scope = self._open(key.scope)
        self._load_new(key.scope, scope)
        if not len(scope.index):
            return []
        asked = embed_once(vector)
        if asked is None or asked.shape != (scope.index.dimension,):
            return []
        return [found for found in scope.index.find(key.question, asked, load_threshold()) if found != key.digest]

    def asks_for_vector(self, key: CacheKey) -> bool:
        """Whether ``find`` may ask for the question's vector: some question of its scope is known."""
        return len(self._open(key.scope).index) > 0

    def may_know(self, key: CacheKey) -> bool:
        """Whether ``find`` may find something; True as well when nobody has looked into the store lately."""
        scope = self._open(key.scope)
        return len(scope.index) > 0 or (self._rows is not None and time.monotonic() - scope.looked_at >= LOOK_AGAIN_S)

    def add(self, key: CacheKey, vector: np.ndarray) -> None:
        """Remember an answered question."""
        scope = self._open(key.scope)
        if scope.index.add(key.digest, key.question, vector):
            self.counts.add("stored")
        while len(scope.index) > self._entries and (oldest := scope.index.oldest()):
            scope.index.remove(oldest)
            self.counts.add("evicted")

    def remove(self, scope: str, key: str) -> None:
        """Forget a question whose answer is gone."""
        self._open(scope).index.remove(key)

    def clear(self) -> None:
        """Forget all; what the store still has is loaded again."""
        with self._lock:
            self._scopes.clear()

    def _open(self, scope: str) -> _Scope:
        with self._lock:
            found = self._scopes.get(scope)
            if found is None:
                found = self._scopes[scope] = _Scope(QuestionIndex())
            self._scopes.move_to_end(scope)
            while len(self._scopes) > SCOPES:
                self._scopes.popitem(last=False)
            return found

    def _load_new(self, name: str, scope: _Scope) -> None:
        now = time.monotonic()
        if self._rows is None or now - scope.looked_at < LOOK_AGAIN_S:
            return
        scope.looked_at = now
        try:
            rows = self._rows.load_questions(name, scope.seen_until, self._entries)
        except PhasegateError:
            return  # the store tier, which is asked first, says why
        for row in rows:
            scope.index.add(row["key"], row["question"], np.asarray(row["vector"], np.float32))
            scope.seen_until = max(scope.seen_until, row["made_at"])
