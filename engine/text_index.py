"""An index whose vectors no question can be compared with: searched by its words, and read anew by the bundled model."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from engine.embedding import Embedder
from engine.index import ChunkTable
from engine.settings import PipelineSettings
from engine.types import Condition, ScoredChunk


def search_by_words(settings: PipelineSettings) -> PipelineSettings:
    """The settings for such a search. What they say of similarity is meant for the index's own vectors."""
    return dataclasses.replace(settings, mode="lexical", min_similarity=PipelineSettings().min_similarity)


class TextIndex:
    """A table as an index of texts: what is fetched has the vectors of ``embedder``, made when it is fetched.

    Chunks that are fetched again, in a further round of the same search, are not embedded again.
    """

    def __init__(self, table: ChunkTable, embedder: Embedder) -> None:
        self._table, self._embedder = table, embedder
        self._read: dict[tuple[str, int], tuple[np.ndarray, ScoredChunk]] = {}

    def count(self) -> int:
        """Chunks in the table."""
        return self._table.count()

    def count_documents(self) -> int:
        """Documents in the table."""
        return self._table.count_documents()

    def search_dense(self, vector: np.ndarray, k: int, conditions: Sequence[Condition] = ()) -> list[tuple[int, float]]:
        """Nothing: there are no vectors to be near to."""
        return []

    def search_lexical(
        self, words: str, k: int, conditions: Sequence[Condition] = (), expansion: str = "", repeats: int = 3
    ) -> list[tuple[int, float]]:
        """Row ids with BM25 scores, best first."""
        return self._table.search_lexical(words, k, conditions, expansion, repeats)

    def fetch_places(self, rows: Sequence[int]) -> dict[int, tuple[str, int, int]]:
        """Document, start and end by row id."""
        return self._table.fetch_places(rows)

    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
        """The chunks of the given row ids with the embedder's vectors, in the order of ``scores``."""
        chunks = self._table.fetch(scores, np.zeros(self._table.load_width(), np.float32)) if scores else []
        fresh = [chunk for chunk in chunks if (chunk.document, chunk.chunk_index) not in self._read]
        spans = [_place_sentences(chunk) for chunk in fresh]
        made = self._embedder.embed_spans([chunk.text for chunk in fresh], spans) if fresh else []
        for chunk, embedded, own in zip(fresh, made, spans, strict=True):
            tokens = self._embedder.count_tokens([chunk.text[a:b] for a, b in own]) if own else []
            sentences = dataclasses.replace(
                chunk.sentences, vectors=embedded.span_vectors, tokens=np.array(tokens, np.int64)
            )
            read = dataclasses.replace(chunk, sentences=sentences)
            self._read[chunk.document, chunk.chunk_index] = embedded.vector, read
        found = []
        for chunk in chunks:
            own_vector, read = self._read[chunk.document, chunk.chunk_index]
            found.append(read.rescored(chunk.score, float(own_vector @ vector), chunk.lexical))
        return found


def _place_sentences(chunk: ScoredChunk) -> list[tuple[int, int]]:
    """Start and end of the chunk's sentences within its text."""
    inside = np.clip(chunk.sentences.spans - chunk.start, 0, len(chunk.text))
    return [(int(start), int(end)) for start, end in inside]
