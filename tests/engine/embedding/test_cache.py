from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.embedding.cache import VectorCache
from engine.embedding.protocol import EmbeddedText, Progress, Spans


class CountingEmbedder:
    """A second, scripted implementation of the protocol: vectors from the text's length, every call counted."""

    def __init__(self, name: str = "counting", dimension: int = 4) -> None:
        self.name, self.dimension, self.asked = name, dimension, []

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Spans], progress: Progress | None = None
    ) -> list[EmbeddedText]:
        self.asked += texts
        return [
            EmbeddedText(
                vector=np.full(self.dimension, len(t), np.float32),
                span_vectors=np.array(
                    [[a, b, *[0] * (self.dimension - 3), 1] for a, b in s], np.float16
                ).reshape(-1, self.dimension),
            )
            for t, s in zip(texts, spans, strict=True)
        ]  # fmt: skip

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([e.vector for e in self.embed_spans(texts, [[]] * len(texts))])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(t.split()) for t in texts]

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        return [(i, i + 1) for i in range(len(text))]


@pytest.fixture
def cache(tmp_path: Path) -> VectorCache:
    return VectorCache(tmp_path / "vectors.sqlite")


def test_a_text_is_embedded_once_and_comes_back_equal(cache: VectorCache, tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    texts, spans = ["one", "three", "", "one"], [[(0, 2)], [(0, 1), (2, 5)], [], [(0, 2)]]
    first, made = cache.embed_spans(embedder, texts, spans)
    again, made_again = VectorCache(tmp_path / "vectors.sqlite").embed_spans(embedder, texts, spans)
    assert (made, made_again) == (3, 0)
    assert sorted(embedder.asked) == ["", "one", "three"]
    for a, b in zip(first, again, strict=True):
        assert (a.vector == b.vector).all() and (a.span_vectors == b.span_vectors).all()
        assert a.span_vectors.dtype == b.span_vectors.dtype == np.float16
    assert first[1].span_vectors.tolist() == [[0, 1, 0, 1], [2, 5, 0, 1]]


def test_other_spans_another_text_and_another_model_are_embedded_anew(cache: VectorCache) -> None:
    embedder = CountingEmbedder()
    cache.embed_spans(embedder, ["one"], [[(0, 2)]])
    assert cache.embed_spans(embedder, ["one"], [[(0, 3)]])[1] == 1
    assert cache.embed_spans(embedder, ["two"], [[(0, 2)]])[1] == 1
    assert cache.embed_spans(CountingEmbedder("other"), ["one"], [[(0, 2)]])[1] == 1


@pytest.mark.parametrize("spans", [[], [(0, 2)], [(0, 1), (1, 3)]])
@pytest.mark.parametrize(("before", "now"), [(4, 8), (8, 4), (6, 4)])
def test_another_model_under_the_same_name_is_asked_anew(
    cache: VectorCache, spans: Spans, before: int, now: int
) -> None:
    cache.embed_spans(CountingEmbedder(dimension=before), ["one"], [spans])
    for made in (1, 0):
        (found,), asked = cache.embed_spans(CountingEmbedder(dimension=now), ["one"], [spans])
        assert asked == made and found.vector.shape == (now,) and found.span_vectors.shape == (len(spans), now)


def test_what_was_made_before_an_interruption_is_kept(cache: VectorCache) -> None:
    embedder = CountingEmbedder()
    texts = [f"text {i:04}" for i in range(600)]

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.embed_spans(embedder, texts, [[]] * 600, interrupt)
    kept = len(embedder.asked)
    assert 0 < kept < 600
    assert cache.embed_spans(embedder, texts, [[]] * 600)[1] == 600 - kept


def test_threads_with_a_connection_each_write_at_once(tmp_path: Path) -> None:
    made: list[int] = []

    def work(i: int) -> None:
        own = VectorCache(tmp_path / "vectors.sqlite")
        made.append(own.embed_spans(CountingEmbedder(), [f"{i} {j}" for j in range(50)], [[]] * 50)[1])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [50] * 8


def test_a_damaged_cache_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "vectors.sqlite").write_bytes(b"not a database, though a file of some length " * 99)
    embedder = CountingEmbedder()
    assert VectorCache(tmp_path / "vectors.sqlite").embed_spans(embedder, ["a"], [[]])[1] == 1
    assert VectorCache(tmp_path / "vectors.sqlite").embed_spans(embedder, ["a"], [[]])[1] == 0


def test_a_cache_that_grew_too_large_drops_its_oldest_vectors(tmp_path: Path) -> None:
    path, embedder = tmp_path / "vectors.sqlite", CountingEmbedder()
    texts = [f"text {i}" for i in range(600)]
    spans = [[(0, 4)] * 40 for _ in texts]
    cache = VectorCache(path, largest_bytes=150_000)
    for start in range(0, 600, 100):
        cache.embed_spans(embedder, texts[start : start + 100], spans[start : start + 100])
    cache.close()
    again = VectorCache(path)
    assert again.embed_spans(embedder, texts[-50:], spans[-50:])[1] == 0
    assert again.embed_spans(embedder, texts[:50], spans[:50])[1] == 50
