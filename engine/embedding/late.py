"""Late pooling for an index: the vectors of chunks and sentences out of one pass over each document."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.embedding.pooling import SpanPooler
from engine.embedding.token_index import DocumentTokens, TokenEmbedder, TokenIndex
from engine.embedding.windows import STRIDE


def embed_late(
    embedder: TokenEmbedder,
    texts: Sequence[str],
    chunks: Sequence[Sequence[tuple[int, int]]],
    sentences: Sequence[Sequence[tuple[int, int]]],
    *,
    keep: bool = True,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Vectors of the chunks and sentences of documents, each the mean of its tokens in the context of the document.

    Args:
        chunks: spans of each document's chunks.
        sentences: spans in the document, in any order and number (those of a chunk, one chunk after another).
        keep: whether the token vectors stay in ``PHASEGATE_HOME/tokens`` for other chunkings and the Tuning lab.

    Returns:
        for each document float32 (chunks, dimension) and float16 (sentences, dimension), unit length.
    """
    if keep:
        tokens = TokenIndex(embedder).load(texts)
    else:
        tokenized = embedder.tokenize(texts)
        vectors = embedder.embed_tokens([t.ids for t in tokenized], STRIDE)
        tokens = [DocumentTokens(v, 0, len(v), t.offsets) for v, t in zip(vectors, tokenized, strict=True)]
    pooler = SpanPooler(tokens, embedder.dimension)
    found = [pooler.pool(_join(own), *_spans(own).T) for own in (chunks, sentences)]
    ends = [np.cumsum([len(spans) for spans in own])[:-1] for own in (chunks, sentences)]
    return list(zip(np.split(found[0], ends[0]), np.split(found[1].astype(np.float16), ends[1]), strict=True))


def _join(spans: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
    return np.repeat(np.arange(len(spans)), [len(own) for own in spans])


def _spans(spans: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
    return np.array([span for own in spans for span in own], np.int64).reshape(-1, 2)
