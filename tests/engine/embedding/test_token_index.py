from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.embedding import token_index
from engine.embedding.minilm import MiniLmEmbedder
from engine.embedding.token_index import TokenIndex, TokenizedText
from engine.errors import DiskFullError


class CountingEmbedder:
    """A scripted embedder: one token a word, its vector made of the word's length and place."""

    dimension = 4

    def __init__(self, name: str = "counting/exact") -> None:
        self.name, self.asked = name, 0

    def tokenize(self, texts: Sequence[str]) -> list[TokenizedText]:
        made = []
        for text in texts:
            spans, at = [], 0
            for word in text.split():
                at = text.index(word, at)
                spans.append((at, at + len(word)))
                at += len(word)
            ids = np.array([b - a for a, b in spans], np.int32)
            made.append(TokenizedText(ids, np.array(spans, np.int32).reshape(-1, 2)))
        return made

    def embed_tokens(self, ids: Sequence[np.ndarray], stride: int) -> list[np.ndarray]:
        self.asked += len(ids)
        return [np.stack([i, np.arange(len(i)), i * 0, i * 0 + 1], axis=1).astype(np.float16) for i in ids]


TEXTS = ["one three fifteen", "a bb", "", "a bb", "last one"]


def test_a_document_is_embedded_once_and_comes_back_equal(home: Path) -> None:
    embedder = CountingEmbedder()
    index = TokenIndex(embedder)
    first = index.load(TEXTS)
    assert (index.embedded, index.reused, embedder.asked) == (4, 0, 4)
    again = TokenIndex(embedder)
    second = again.load(TEXTS)
    assert (again.embedded, again.reused, embedder.asked) == (0, 4, 4)
    for a, b, text in zip(first, second, TEXTS, strict=True):
        assert (a.own_vectors == b.own_vectors).all() and (a.offsets == b.offsets).all()
        assert [text[x:y] for x, y in b.offsets] == text.split()
        assert b.own_vectors[:, 0].tolist() == [len(word) for word in text.split()]


def test_another_model_and_another_stride_have_vectors_of_their_own(home: Path) -> None:
    one, other = CountingEmbedder(), CountingEmbedder("other/exact")
    TokenIndex(one).load(["a b"])
    TokenIndex(other).load(["a b"])
    TokenIndex(one, stride=127).load(["a b"])
    assert (one.asked, other.asked) == (2, 1)


def test_a_changed_document_is_embedded_and_the_others_are_not(home: Path) -> None:
    embedder = CountingEmbedder()
    TokenIndex(embedder).load(["a b", "c d"])
    index = TokenIndex(embedder)
    index.load(["a b", "c d e", "new"])
    assert (index.embedded, index.reused) == (2, 1)


def test_what_is_left_of_an_interrupted_write_does_no_harm(home: Path) -> None:
    embedder = CountingEmbedder()
    index = TokenIndex(embedder)
    index.load(["a b c d"])
    [pack] = index.folder.glob("*.tokens")
    content = pack.read_bytes()
    pack.with_name("cut.tokens").write_bytes(content[:-3])
    pack.with_name("noise.tokens").write_bytes(b"no pack at all")
    pack.with_suffix(".part").write_bytes(content[:20])
    pack.unlink()
    found = TokenIndex(embedder).load(["a b c d"])
    assert embedder.asked == 2 and found[0].own_vectors[:, 1].tolist() == [0, 1, 2, 3]


def test_an_unfinished_file_of_long_ago_is_removed(home: Path) -> None:
    index = TokenIndex(CountingEmbedder())
    index.folder.mkdir(parents=True)
    old, new = index.folder / "old.part", index.folder / "new.part"
    old.write_bytes(b"x")
    new.write_bytes(b"x")
    os.utime(old, (1, 1))
    index.load(["a"])
    assert new.exists() and not old.exists()


def test_a_full_disk_is_told_and_leaves_no_half_pack(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = TokenIndex(CountingEmbedder())

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(token_index.os, "fsync", full)
    with pytest.raises(DiskFullError, match="No space left"):
        index.load(["a b c"])
    assert list(index.folder.iterdir()) == []


def test_the_longest_unused_packs_go_when_the_index_has_grown_too_large(home: Path) -> None:
    embedder = CountingEmbedder()
    for i in range(4):
        TokenIndex(embedder).load([f"text number {i}"])
    packs = sorted(TokenIndex(embedder).folder.glob("*.tokens"), key=lambda path: path.stat().st_mtime_ns)
    for i, path in enumerate(packs):
        os.utime(path, (1_000 + i, 1_000 + i))
    size = packs[0].stat().st_size
    kept = TokenIndex(embedder, largest_bytes=3 * size)
    open_before = kept.load(["text number 0"])  # the oldest, now in use again
    kept.load(["text number 0", "one more text"])
    assert sum(path.stat().st_size for path in kept.folder.glob("*.tokens")) <= 3 * size
    again = TokenIndex(embedder)
    again.load(["text number 0"])
    assert again.reused == 1 and open_before[0].own_vectors[0, 3] == 1


def _build(home: str, results: object) -> None:
    os.environ["PHASEGATE_HOME"] = home
    found = TokenIndex(CountingEmbedder()).load([f"document number {i}" for i in range(50)])
    results.put(sum(int(d.own_vectors[:, 0].sum()) for d in found))  # type: ignore[attr-defined]


def test_two_processes_at_once_build_the_same_index(home: Path) -> None:
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=_build, args=(str(home), results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    sums = [results.get(timeout=30) for _ in workers]
    for worker in workers:
        worker.join()
    expected = sum(len(word) for i in range(50) for word in f"document number {i}".split())
    assert sums == [expected, expected]


def test_token_vectors_of_a_short_text_are_those_that_its_mean_is_made_of(home: Path) -> None:
    embedder = MiniLmEmbedder("exact")
    text = "Refunds take five working days."
    [tokens] = TokenIndex(embedder).load([text])
    mean = tokens.own_vectors.astype(np.float32).mean(axis=0)
    whole = embedder.embed_spans([text], [[(0, len(text))]])[0].span_vectors[0].astype(np.float32)
    assert float(mean @ whole) / np.linalg.norm(mean) == pytest.approx(1.0, abs=1e-3)


def test_a_long_text_has_the_same_vectors_whatever_the_parts_it_is_embedded_in(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = MiniLmEmbedder("exact")
    [text] = embedder.tokenize(["A sentence about tides, boats and harbours. " * 70])
    [whole] = embedder.embed_tokens([text.ids], 160)
    monkeypatch.setattr("engine.embedding.minilm.PART_TOKENS", 200)
    [parts] = embedder.embed_tokens([text.ids], 160)
    assert len(whole) == len(text.ids) > 600
    assert np.abs(whole.astype(np.float32) - parts.astype(np.float32)).max() < 0.02
