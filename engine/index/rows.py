"""Chunks that were read lately, in memory: reading them from a table takes milliseconds, also where the files are cached.

A row never changes under its id: LanceDB writes a changed or moved row into a new fragment, whose number was never used
before. A row that was taken out meanwhile is still what the search that found it saw.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from cachetools import LRUCache

from engine.types import ScoredChunk

LARGEST_BYTES = 48 * 1024 * 1024
# What Python takes for the objects of one chunk, beside its texts and numbers.
OVERHEAD_BYTES = 2_500


@dataclass(frozen=True, slots=True)
class Row:
    """A chunk without scores, and its unit vector."""

    chunk: ScoredChunk
    vector: np.ndarray

    @property
    def size(self) -> int:
        """Bytes, about."""
        arrays, chunk = self.chunk.sentences, self.chunk
        numbers = arrays.spans.nbytes + arrays.vectors.nbytes + arrays.tokens.nbytes + self.vector.nbytes
        words = arrays.words.values.nbytes + arrays.names.values.nbytes
        return numbers + words + 2 * (len(chunk.text) + len(chunk.heading)) + OVERHEAD_BYTES


class RowCache:
    """Rows by table and row id, the least recently used first out. Safe to use from several threads."""

    def __init__(self, largest_bytes: int = LARGEST_BYTES) -> None:
        self._lock = threading.Lock()
        self._rows: LRUCache[tuple[str, int], Row] = LRUCache(largest_bytes, getsizeof=lambda row: row.size)

    def find(self, table: str, ids: Iterable[int]) -> dict[int, Row]:
        """Those of the rows that are held."""
        with self._lock:
            return {i: row for i in ids if (row := self._rows.get((table, i))) is not None}

    def keep(self, table: str, rows: Mapping[int, Row]) -> None:
        """Hold rows, and let the least recently used ones go for them."""
        with self._lock:
            for i, row in rows.items():
                if row.size <= self._rows.maxsize:
                    self._rows[table, i] = row

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._rows.clear()


ROWS = RowCache()
"""One for the process: its bound holds however many corpora are open."""
