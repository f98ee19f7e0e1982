"""An index as one question sees it: what was found for it once is not asked for again.

A question is searched several times while its context is weak, mostly for the same rankings of the same chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import numpy as np

from engine.retrieval.rankings import ChunkIndex
from engine.types import Condition, ScoredChunk

T = TypeVar("T")
Found = list[tuple[int, float]]


class RememberedIndex:
    """A ``ChunkIndex`` that remembers. For one question and its vector; for two threads at once at most, which differ in
    what they ask.

    Args:
        depth: of the dense ranking at least: what later rounds will ask for is found in the first one.
    """

    def __init__(self, index: ChunkIndex, depth: int = 0) -> None:
        self._index, self._depth = index, depth
        self._found: dict[Hashable, Any] = {}

    def count(self) -> int:
        """Chunks in the index."""
        return self._remember("count", self._index.count)

    def count_documents(self) -> int:
        """Documents in the index."""
        return self._remember("documents", self._index.count_documents)

    def search_dense(self, vector: np.ndarray, k: int, conditions: Sequence[Condition] = ()) -> Found:
        """Row ids and cosine similarities of the nearest ``k`` chunks, best first."""
        depth = max(k, self._depth)
        key = ("dense", depth, tuple(conditions))
        return self._remember(key, lambda: self._index.search_dense(vector, depth, conditions))[:k]

    def search_lexical(
        self, words: str, k: int, conditions: Sequence[Condition] = (), expansion: str = "", repeats: int = 3
    ) -> Found:
        """Row ids and BM25 scores of the best ``k`` chunks, best first."""
        key = ("lexical", words, k, tuple(conditions), expansion, repeats)
        return self._remember(key, lambda: self._index.search_lexical(words, k, conditions, expansion, repeats))

    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
        """The chunks of the given row ids with their scores; those that a change has taken out meanwhile are missing."""
        fetched = self._index.fetch(scores, vector)
        if len(fetched) < len(scores):  # the index has changed: what was found before are rows that are gone
            self._found.clear()
        return fetched

    def fetch_places(self, rows: Sequence[int]) -> dict[int, tuple[str, int, int]]:
        """Document, start and end by row id, in the order given."""
        return self._index.fetch_places(rows)

    def _remember(self, key: Hashable, ask: Callable[[], T]) -> T:
        if key not in self._found:
            self._found[key] = ask()
        return self._found[key]
