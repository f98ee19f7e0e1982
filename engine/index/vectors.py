"""The vectors of small tables in memory: a scan of them takes microseconds, a search of the table itself milliseconds.

Only tables that have no vector index are held, whose search is a scan as well: both find the same. What is held is of one
version of its table, which the name of its newest manifest tells.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from cachetools import LRUCache

# As many rows as a table has without a vector index.
MOST_ROWS = 10_000
LARGEST_BYTES = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TableVectors:
    """Row ids, and their unit vectors in a matrix of shape (rows, dimension); without any, the table is not held."""

    ids: np.ndarray
    matrix: np.ndarray

    @classmethod
    def of(cls, ids: np.ndarray, vectors: np.ndarray) -> TableVectors:
        """Made of vectors of any length; one of zeros is near to nothing."""
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cls(ids, vectors / np.maximum(norms, np.float32(1e-12)))

    @property
    def size(self) -> int:
        """Bytes, about."""
        return 100 + self.ids.nbytes + self.matrix.nbytes

    def find_nearest(self, vector: np.ndarray, k: int) -> list[tuple[int, float]]:
        """Row ids and cosine similarities of the nearest ``k``, best first."""
        similarities = self.matrix @ (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
        near = np.arange(len(similarities))
        if 0 < k < len(near):
            near = np.sort(np.argpartition(-similarities, k)[:k])
        best = near[np.argsort(-similarities[near], kind="stable")][:k]
        return list(zip(self.ids[best].tolist(), similarities[best].tolist(), strict=True))


class VectorCache:
    """Vectors by table and version, the least recently used table first out. Safe to use from several threads."""

    def __init__(self, largest_bytes: int = LARGEST_BYTES) -> None:
        self._lock = threading.Lock()
        self._held: LRUCache[str, tuple[str, TableVectors | None]] = LRUCache(
            largest_bytes, getsizeof=lambda held: held[1].size if held[1] else 100
        )

    def find(self, table: str, version: str) -> tuple[bool, TableVectors | None]:
        """Whether this version was seen, and its vectors; None of a table that is too large."""
        with self._lock:
            held = self._held.get(table)
            return (True, held[1]) if held and held[0] == version else (False, None)

    def keep(self, table: str, version: str, vectors: TableVectors | None) -> None:
        """Hold the vectors of a version, or that the table is too large."""
        if vectors is not None and vectors.size > self._held.maxsize:
            vectors = None
        with self._lock:
            self._held[table] = version, vectors

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._held.clear()


VECTORS = VectorCache()
"""One for the process: its bound holds however many corpora are open."""
