"""Late pooling for an index: the vectors of chunks and sentences out of one pass over each document."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.embedding.pooling import SpanPooler
from engine.embedding.protocol import Progress
from engine.embedding.token_index import TokenIndex


def embed_late(
    index: TokenIndex,
    texts: Sequence[str],
    chunks: Sequence[Sequence[tuple[int, int]]],
    sentences: Sequence[Sequence[tuple[int, int]]],
    progress: Progress | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Vectors of the chunks and sentences of documents, each the mean of its tokens in the context of the document.

    The token vectors stay in ``PHASEGATE_HOME/tokens`` for other chunkings and the Tuning lab.

    Args:
        chunks: spans of each document's chunks.
        sentences: spans in the document, in any order and number (those of a chunk, one chunk after another).
        progress: counts characters.

    Returns:
        for each document float32 (chunks, dimension) and float16 (sentences, dimension), unit length.
    """
    pooler = SpanPooler(index.load(texts, progress), index.dimension)
    found = [pooler.pool(_join(own), *_spans(own).T) for own in (chunks, sentences)]
    ends = [np.cumsum([len(spans) for spans in own])[:-1] for own in (chunks, sentences)]
    return list(zip(np.split(found[0], ends[0]), np.split(found[1].astype(np.float16), ends[1]), strict=True))


def _join(spans: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
    return np.repeat(np.arange(len(spans)), [len(own) for own in spans])


def _spans(spans: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
    return np.array([span for own in spans for span in own], np.int64).reshape(-1, 2)
