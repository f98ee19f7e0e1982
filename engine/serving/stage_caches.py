"""What the stages of an answer need not do twice: vectors of questions, and what retrieval found for them.

The pipeline takes a :class:`StageCaches` as an argument. Both tiers live in memory alone and are bounded by entries and
bytes; the key of a retrieval holds the version of the index that it was made from, so that a changed document never
meets an old ranking.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.retrieval import Retrieved
from engine.serving.bounded import BoundedCache
from engine.settings import INDEX_FIELDS, PipelineSettings

# Settings that retrieval reads; the others change nothing of what is found.
RETRIEVAL_FIELDS = (
    *INDEX_FIELDS,
    "mode",
    "fusion",
    "weight",
    "expansion",
    "top_k",
    "diversity",
    "filter",
)
MB = 1024 * 1024


class StageCaches:
    """Question vectors (tier ``vectors``) and retrieval results (tier ``retrieval``). Safe to use from several threads.

    Args:
        entries: most entries of each tier.
        largest_bytes: most bytes of both together; retrieval results, which hold passages, get nine tenths.
        ttl_s: seconds that a retrieval result is used; vectors do not age.
    """

    def __init__(self, entries: int = 2_000, largest_bytes: int = 128 * MB, ttl_s: float = 900.0) -> None:
        self._vectors = BoundedCache("vectors", entries, largest_bytes // 10)
        self._retrieval = BoundedCache("retrieval", entries, largest_bytes - largest_bytes // 10, ttl_s)

    def embed(self, embedder: str, texts: Sequence[str], make: Callable[[], np.ndarray]) -> np.ndarray:
        """The vector of a question: kept, or made by ``make`` and kept.

        Args:
            embedder: its name; equal names give interchangeable vectors.
            texts: what the vector is made of, in order.
        """
        key = (embedder, *texts)
        found = self._vectors.find(key)
        if found is not None:
            return found
        started = time.perf_counter()
        vector = make()
        spent = 1000 * (time.perf_counter() - started)
        vector.flags.writeable = False
        self._vectors.keep(key, vector, vector.nbytes + sum(map(len, texts)), saved_ms=spent)
        return vector

    def holds_retrieved(self, version: tuple[str, str], texts: Sequence[str], settings: PipelineSettings) -> bool:
        """Whether what retrieval finds for a question is kept. Counts nothing."""
        return self._retrieval.peek(_name_retrieval(version, texts, settings)) is not None

    def retrieve(
        self, version: tuple[str, str], texts: Sequence[str], settings: PipelineSettings, make: Callable[[], Retrieved]
    ) -> Retrieved:
        """What retrieval finds for a question: kept, or made by ``make`` and kept.

        Args:
            version: table and version of the index, as ``engine.index.versions.read_index_version`` tells them.
            texts: what the question's vector and words are made of, in order.

        Returns:
            of its own lists and timings (zeros when it was kept), so that the caller may change them.
        """
        key = _name_retrieval(version, texts, settings)
        found = self._retrieval.find(key)
        if found is not None:
            timings = dict.fromkeys(found.timings_ms, 0.0)
            return dataclasses.replace(found, chunks=list(found.chunks), rest=list(found.rest), timings_ms=timings)
        made = make()
        kept = dataclasses.replace(
            made, chunks=list(made.chunks), rest=list(made.rest), timings_ms=dict(made.timings_ms)
        )
        self._retrieval.keep(
            key, kept, _count_bytes(made) + sum(map(len, texts)), saved_ms=sum(made.timings_ms.values())
        )
        return made

    def clear(self) -> None:
        """Forget everything; the counts stay."""
        self._vectors.clear()
        self._retrieval.clear()

    def describe(self) -> Mapping[str, Mapping[str, Any]]:
        """By tier: hits, misses, evicted, entries, bytes, saved_ms."""
        return {cache.tier: cache.describe() for cache in (self._vectors, self._retrieval)}


def _name_retrieval(version: tuple[str, str], texts: Sequence[str], settings: PipelineSettings) -> tuple[Any, ...]:
    return (*version, *texts, *(getattr(settings, name) for name in RETRIEVAL_FIELDS))


def _count_bytes(found: Retrieved) -> int:
    """Bytes of a result, near enough: its texts and arrays, and what the objects around them take."""
    size = found.vector.nbytes + 400 * (len(found.rest) + len(found.chunks))
    for chunk in found.chunks:
        arrays = chunk.sentences
        size += 2 * len(chunk.text) + arrays.spans.nbytes + arrays.vectors.nbytes + arrays.tokens.nbytes
        size += sum(lists.values.nbytes + lists.offsets.nbytes for lists in (arrays.words, arrays.names))
    return size
