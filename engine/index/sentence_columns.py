"""The columns of a chunk that hold its sentences, as bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.types import SentenceArrays, WordLists


def pack_sentences(arrays: SentenceArrays) -> dict[str, Any]:
    """The columns of a chunk that hold its sentences."""
    numbers = np.stack([arrays.tokens, arrays.signs, arrays.words.counts, arrays.names.counts]).astype(np.uint16)
    return {
        "sentence_spans": arrays.spans.ravel(),
        "sentence_vectors": arrays.vectors.tobytes(),
        "sentence_numbers": numbers.tobytes(),
        "sentence_words": np.concatenate([arrays.words.values, arrays.names.values]).tobytes(),
    }


def unpack_sentences(row: dict[str, Any], dimension: int) -> SentenceArrays:
    """The sentences out of ``pack_sentences``' columns."""
    tokens, signs, words, names = np.frombuffer(row["sentence_numbers"], np.uint16).reshape(4, -1)
    hashes = np.frombuffer(row["sentence_words"], np.uint32)
    split = int(words.sum(dtype=np.int64))
    return SentenceArrays(
        spans=np.asarray(row["sentence_spans"], np.int64).reshape(-1, 2),
        vectors=np.frombuffer(row["sentence_vectors"], np.float16).reshape(-1, dimension),
        tokens=tokens.astype(np.int64),
        signs=signs,
        words=WordLists.from_counts(hashes[:split], words),
        names=WordLists.from_counts(hashes[split:], names),
    )
