"""The vector of any span of any document as the mean of its token vectors, for thousands of spans at once.

Sums of blocks of tokens are kept; a span is the difference of two of them and the few tokens at its ends, so that its
cost does not grow with its length.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.embedding.token_index import DocumentTokens

BLOCK = 8


class SpanPooler:
    """Pools spans of the given documents, which are named by their place in the sequence."""

    def __init__(self, documents: Sequence[DocumentTokens], dimension: int) -> None:
        self.dimension = dimension
        self._packs: list[_Pack] = []
        by_pack: dict[int, int] = {}
        for document in documents:
            if id(document.vectors) not in by_pack:
                by_pack[id(document.vectors)] = len(self._packs)
                self._packs.append(_Pack(document.vectors))
        self._pack = np.array([by_pack[id(d.vectors)] for d in documents], np.int64)
        self._row = np.array([d.first for d in documents], np.int64)
        counts = np.array([len(d.offsets) for d in documents], np.int64)
        # One axis of characters for all documents, so that a single search finds the tokens of all spans.
        lengths = np.array([int(d.offsets[-1, 1]) if len(d.offsets) else 0 for d in documents], np.int64) + 1
        self._base = np.concatenate([[0], np.cumsum(lengths)])
        self._first = np.concatenate([[0], np.cumsum(counts)])
        offsets = [d.offsets + base for d, base in zip(documents, self._base[:-1].tolist(), strict=True)]
        joined = np.concatenate(offsets) if offsets else np.zeros((0, 2), np.int64)
        self._starts, self._ends = np.ascontiguousarray(joined[:, 0]), np.ascontiguousarray(joined[:, 1])

    @property
    def tokens(self) -> int:
        """Tokens of all documents."""
        return len(self._starts)

    def find_tokens(self, document: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First token and one behind the last, counted over all documents, of each span; equal when it holds none."""
        base, limit = self._base[document], self._base[document + 1] - 1
        low = np.searchsorted(self._ends, np.minimum(base + start, limit), side="right")
        high = np.searchsorted(self._starts, np.minimum(base + end, limit), side="left")
        low = np.maximum(low, self._first[document])
        return low, np.maximum(np.minimum(high, self._first[document + 1]), low)

    def count_tokens(self, document: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Tokens of each span."""
        low, high = self.find_tokens(document, start, end)
        return high - low

    def sum(self, document: np.ndarray, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums (spans, dimension) float32 of the tokens of each span, and how many they are."""
        low, high = self.find_tokens(document, start, end)
        shift = self._row[document] - self._first[document]
        low, high = low + shift, high + shift
        sums = np.zeros((len(document), self.dimension), np.float32)
        packs = self._pack[document]
        for i, pack in enumerate(self._packs):
            own = np.flatnonzero(packs == i) if len(self._packs) > 1 else slice(None)
            sums[own] = pack.sum(low[own], high[own])
        return sums, high - low

    def pool(self, document: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Unit vectors (spans, dimension) float32; zeros for a span without tokens."""
        sums, _ = self.sum(document, start, end)
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)


class _Pack:
    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = vectors
        blocks = len(vectors) // BLOCK
        sums = np.zeros((blocks + 1, vectors.shape[1]), np.float32)
        for at in range(0, blocks, 4096):
            part = vectors[at * BLOCK : min(at + 4096, blocks) * BLOCK].astype(np.float32)
            sums[at + 1 : at + 1 + len(part) // BLOCK] = part.reshape(-1, BLOCK, vectors.shape[1]).sum(axis=1)
        # Less the mean, a running sum stays small and float32 exact enough; the mean is added again to each span.
        self._mean = sums.sum(axis=0) / max(1, blocks)
        sums[1:] -= self._mean
        self._sums = np.cumsum(sums, axis=0, out=sums)

    def sum(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        return self._up_to(high) - self._up_to(low) + self._mean * ((high // BLOCK) - (low // BLOCK))[:, None]

    def _up_to(self, row: np.ndarray) -> np.ndarray:
        """Block sums before each row and the tokens of its own block before it."""
        block = row // BLOCK
        sums = self._sums[block]
        for step in range(BLOCK - 1):
            more = np.flatnonzero(row - block * BLOCK > step)
            if len(more):
                sums[more] += self._vectors[block[more] * BLOCK + step]
        return sums
