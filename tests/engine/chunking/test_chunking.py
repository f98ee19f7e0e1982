from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chunking import chunk_document
from engine.corpora import shipped_corpora
from engine.embedding import load_embedder
from engine.embedding.minilm import MiniLmEmbedder
from engine.ingestion import load_documents
from engine.ingestion.loaders import make_document
from engine.ingestion.sentences import split_sentences
from engine.settings import PipelineSettings
from engine.types import Chunk, Document

_PIECES = st.sampled_from(
    [
        "# Top\n", "## Second part\n", "\n\n", "\n", " ", "A sentence of several words. ", "Another one! ", "- an item\n", "x" * 120,
        "| a | b |\n", "日本語の文です。", "🙂", "e\u0301", "\u2028", "word ", "```\ncode line\n```\n", "unbelievably antidisestablishmentarian ",
    ]
)  # fmt: skip
TEXTS = st.lists(_PIECES, max_size=120).map("".join)
SIZES = st.integers(50, 400).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


def make(text: str) -> Document:
    return make_document("d.md", "D", text, Path("/d.md"), "markdown")


def chunk(text: str, token_offsets: Any = None, **values: Any) -> list[Chunk]:
    return chunk_document(make(text), split_sentences(text), PipelineSettings(**values), token_offsets)


@pytest.fixture(scope="module")
def embedder(models: Path) -> MiniLmEmbedder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(models.parent))
        found = load_embedder(PipelineSettings())
    assert isinstance(found, MiniLmEmbedder)
    return found


def check_invariants(text: str, chunks: list[Chunk]) -> None:
    assert [c.index for c in chunks] == list(range(len(chunks)))
    assert all(text[c.start : c.end] == c.text and c.text.strip() == c.text != "" for c in chunks)
    covered = bytearray(len(text))
    for c in chunks:
        covered[c.start : c.end] = b"\1" * (c.end - c.start)
    assert all(kept or char.isspace() for char, kept in zip(text, covered, strict=True))
    assert all(a.start < b.start and a.end < b.end for a, b in itertools.pairwise(chunks))


@pytest.mark.parametrize("chunker", ["recursive", "fixed"])
@settings(max_examples=150, deadline=None)
@given(text=TEXTS, sizes=SIZES)
def test_chunks_are_the_documents_text_and_cover_it_within_size_and_overlap(
    chunker: str, text: str, sizes: tuple[int, int]
) -> None:
    size, overlap = sizes
    chunks = chunk(text, chunker=chunker, chunk_size=size, chunk_overlap=overlap)
    check_invariants(text, chunks)
    assert all(c.end - c.start <= size for c in chunks)
    assert all(a.end - b.start <= overlap for a, b in itertools.pairwise(chunks))


@pytest.mark.parametrize("chunker", ["recursive", "fixed"])
@settings(max_examples=60, deadline=None)
@given(text=TEXTS, sizes=SIZES)
def test_sizes_count_tokens_on_request(
    chunker: str, text: str, sizes: tuple[int, int], embedder: MiniLmEmbedder
) -> None:
    size, overlap = sizes
    values = {"chunker": chunker, "chunk_unit": "tokens", "chunk_size": size, "chunk_overlap": overlap}
    chunks = chunk(text, embedder.token_offsets, **values)
    check_invariants(text, chunks)
    starts = [a for a, _ in embedder.token_offsets(text)]
    assert all(sum(c.start <= a < c.end for a in starts) <= size for c in chunks)
    assert all(sum(b.start <= s < a.end for s in starts) <= overlap for a, b in itertools.pairwise(chunks))


def test_token_chunks_of_real_prose_hold_as_many_tokens_as_asked_for(embedder: MiniLmEmbedder) -> None:
    text = (shipped_corpora()["stories"] / "salt-ledger.md").read_text()
    chunks = chunk(text, embedder.token_offsets, chunk_unit="tokens", chunk_size=128, chunk_overlap=20)
    counts = embedder.count_tokens([c.text for c in chunks])
    assert max(counts) <= 128 and sum(counts) / len(counts) > 64


def test_fixed_windows_share_exactly_the_overlap() -> None:
    text = "".join(chr(97 + i % 26) for i in range(1000))
    chunks = chunk(text, chunker="fixed", chunk_size=100, chunk_overlap=30)
    assert [(c.start, c.end) for c in chunks[:3]] == [(0, 100), (70, 170), (140, 240)]
    assert chunks[-1].end == 1000


def test_a_short_document_is_one_chunk_and_a_blank_one_none() -> None:
    assert [c.text for c in chunk("  A short one.\n")] == ["A short one."]
    assert chunk(" \n\t") == []


def test_a_chunk_ends_before_a_heading_rather_than_in_the_next_section() -> None:
    body = "One more sentence here. " * 30
    chunks = chunk(f"# One\n\n{body}\n\n# Two\n\n{body}", chunk_size=1000, chunk_overlap=200)
    assert [c.text.split("\n")[0] for c in chunks] == ["# One", "# Two"]


def test_a_chunk_knows_the_path_of_headings_above_it() -> None:
    body = "A sentence of the section. " * 12
    text = f"# Handbook\n\n{body}\n\n## Refunds ##\n\n{body}\n\n### Late ones\n\n{body}\n\n## Shipping\n\n{body}"
    headings = [c.heading for c in chunk(text, chunk_size=400, chunk_overlap=0)]
    assert headings == ["Handbook", "Handbook > Refunds", "Handbook > Refunds > Late ones", "Handbook > Shipping"]


def test_marks_without_a_title_are_no_heading() -> None:
    assert chunk("#\nPlain text below a lone mark.\n")[0].heading == ""


def test_a_heading_line_full_of_spaces_costs_no_time() -> None:
    text = "# a" + " " * 20_000 + "b\n"
    assert chunk(text, chunk_size=20_000, chunk_overlap=0)[0].heading.startswith("a")


def test_a_large_overlap_gives_no_chunk_that_lies_within_another() -> None:
    text = "\n\n".join(["A sentence here of some words. " * 6] * 20)
    chunks = chunk(text, chunk_size=300, chunk_overlap=280)
    assert all(a.end < b.end for a, b in itertools.pairwise(chunks))


def test_overlap_begins_at_the_start_of_a_sentence() -> None:
    text = " ".join(f"Sentence number {i} says a little more." for i in range(60))
    chunks = chunk(text, chunk_size=500, chunk_overlap=120)
    assert all(c.text.startswith("Sentence") for c in chunks)
    assert all(0 < a.end - b.start <= 120 for a, b in itertools.pairwise(chunks))


@pytest.mark.parametrize(
    "values", [{}, {"chunk_size": 300, "chunk_overlap": 280}, {"chunker": "fixed", "chunk_size": 300}]
)
def test_the_shipped_documents_keep_every_invariant(values: dict[str, Any]) -> None:
    for document in load_documents([shipped_corpora()["runbooks"]]).documents[:12]:
        chunks = chunk_document(document, split_sentences(document.text), PipelineSettings(**values))
        check_invariants(document.text, chunks)
