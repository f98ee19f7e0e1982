from __future__ import annotations

import numpy as np
import pytest

from engine.embedding.pooling import BLOCK, SpanPooler
from engine.embedding.token_index import DocumentTokens

RNG = np.random.default_rng(5)


def make_documents(counts: list[int], packs: int) -> list[DocumentTokens]:
    """Documents whose tokens are 3 characters wide with a blank behind each, spread over some packs."""
    documents = []
    for pack in range(packs):
        own = counts[pack::packs]
        vectors = RNG.normal(0.3, 1, (sum(own), 6)).astype(np.float16)
        at = 0
        for count in own:
            starts = 4 * np.arange(count)
            documents.append(DocumentTokens(vectors, at, at + count, np.stack([starts, starts + 3], axis=1)))
            at += count
    return documents


@pytest.mark.parametrize("packs", [1, 3])
def test_a_pooled_span_is_the_mean_of_the_tokens_that_it_touches(packs: int) -> None:
    documents = make_documents([1, 7, 8, 9, 40, 0, 300, 2], packs)
    pooler = SpanPooler(documents, 6)
    where = RNG.integers(0, len(documents), 400)
    bounds = np.sort(RNG.integers(0, 1_300, (400, 2)), axis=1)
    pooled = pooler.pool(where, bounds[:, 0], bounds[:, 1])
    counts = pooler.count_tokens(where, bounds[:, 0], bounds[:, 1])
    for d, (a, b), vector, count in zip(where, bounds, pooled, counts, strict=True):
        touched = (documents[d].offsets[:, 0] < b) & (documents[d].offsets[:, 1] > a)
        assert count == touched.sum()
        total = documents[d].own_vectors[touched].astype(np.float64).sum(axis=0)
        wanted = total / max(np.linalg.norm(total), 1e-12)
        assert np.abs(vector - wanted).max() < 1e-3


def test_long_sums_stay_exact_at_the_end_of_a_long_document() -> None:
    [document] = make_documents([200_000], 1)
    pooler = SpanPooler([document], 6)
    first = 4 * (200_000 - BLOCK - 3)
    pooled = pooler.pool(np.array([0]), np.array([first]), np.array([800_000]))[0]
    total = document.own_vectors[-BLOCK - 3 :].astype(np.float64).sum(axis=0)
    assert np.abs(pooled - total / np.linalg.norm(total)).max() < 1e-3


def test_a_span_without_tokens_has_a_vector_of_zeros() -> None:
    pooler = SpanPooler(make_documents([5, 0], 1), 6)
    pooled = pooler.pool(np.array([0, 1]), np.array([3, 0]), np.array([4, 10]))
    assert (pooled == 0).all()


def test_a_corpus_without_documents_can_be_asked() -> None:
    pooler = SpanPooler([], 6)
    assert pooler.tokens == 0 and pooler.pool(*np.zeros((3, 0), np.int64)).shape == (0, 6)
