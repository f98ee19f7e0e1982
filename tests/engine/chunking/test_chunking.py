from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chunking import SPLITTERS, chunk_document
from engine.corpora import shipped_corpora
from engine.embedding import load_embedder
from engine.embedding.minilm import MiniLmEmbedder
from engine.ingestion import load_documents
from engine.ingestion.sentences import split_sentences
from engine.settings import CHOICES, PipelineSettings
from tests.engine.chunking.documents import (
    SIZES,
    TEXTS,
    analyse,
    check_invariants,
    chunk,
    cut,
    letter_vectors,
    make,
    word_tokens,
)

LARGE = PipelineSettings(chunk_size=1024)


@pytest.fixture(scope="module")
def embedder(models: Path) -> MiniLmEmbedder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(models.parent))
        found = load_embedder(PipelineSettings())
    assert isinstance(found, MiniLmEmbedder)
    return found


def test_every_chunker_of_the_settings_is_there() -> None:
    assert set(SPLITTERS) == set(CHOICES["chunker"])


@settings(max_examples=120, deadline=None)
@given(text=TEXTS, sizes=SIZES, kind=st.sampled_from(["markdown", "row"]))
def test_chunks_are_the_documents_text_and_cover_it_within_size_and_overlap(
    text: str, sizes: tuple[int, int], kind: str
) -> None:
    size, overlap = sizes
    layout = analyse(text, kind)
    for chunker in SPLITTERS:
        chunks = cut(layout, chunker=chunker, chunk_size=size, chunk_overlap=overlap)
        check_invariants(text, chunks)
        assert all(c.end - c.start <= size for c in chunks), chunker
        assert all(a.end - b.start <= overlap for a, b in itertools.pairwise(chunks)), chunker


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, sizes=SIZES)
def test_sizes_count_tokens_on_request(text: str, sizes: tuple[int, int]) -> None:
    size, overlap = sizes
    layout = analyse(text)
    starts = [a for a, _ in word_tokens(text)]
    for chunker in SPLITTERS:
        chunks = cut(layout, chunker=chunker, chunk_unit="tokens", chunk_size=size, chunk_overlap=overlap)
        check_invariants(text, chunks)
        assert all(sum(c.start <= a < c.end for a in starts) <= size for c in chunks), chunker
        assert all(sum(b.start <= s < a.end for s in starts) <= overlap for a, b in itertools.pairwise(chunks)), chunker


@settings(max_examples=80, deadline=None)
@given(text=TEXTS, sizes=SIZES)
def test_what_is_to_stay_whole_and_fits_is_never_cut(text: str, sizes: tuple[int, int]) -> None:
    layout = analyse(text)
    for chunker in ("adaptive", "dialogue", "structure", "table"):
        chunks = cut(layout, chunker=chunker, chunk_size=sizes[0], chunk_overlap=sizes[1])
        for start, end in layout.plans[chunker].wholes[0] if layout.plans[chunker].wholes else ():
            inner = text[start:end]
            a, b = end - len(inner.lstrip()), start + len(inner.rstrip())
            if end - start <= sizes[0]:
                assert not any(a < c.start < b or a < c.end < b for c in chunks), (chunker, inner)


def test_a_layout_is_cut_again_without_looking_at_the_document_again() -> None:
    asked = []

    def vectors(texts: Sequence[str]) -> np.ndarray:
        asked.append(len(texts))
        return letter_vectors(texts)

    text = "One sentence here. Another one there. A third. " * 40
    layout = analyse(text)
    layout.sentence_vectors = vectors
    sizes = [len(cut(layout, chunker="semantic", chunk_size=size, chunk_overlap=0)) for size in (100, 200, 400)]
    assert sizes[0] > sizes[1] > sizes[2] and asked == [120]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 40_000, "word " * 8_000, " " * 40_000, "\n   " * 4_000, "这是一个句子。" * 4_000, "هل هذا سؤال؟ نعم. " * 1_500, "“a " * 8_000,
        "| a | b |\n" * 2_000, "# a\n" * 4_000, "User: a\nAgent: b?\n" * 1_000, "— a\n" * 4_000, "```\n" * 4_000, "abc\\n\\n" * 4_000,
        "It was long.\r\n\r\n“Why?” she asked.\r\n\r\n" * 600,
    ],
)  # fmt: skip
def test_the_time_grows_with_the_length_and_no_faster(text: str) -> None:
    for chunker in SPLITTERS:
        eighth, whole = (min(_measure_seconds(text[: len(text) // n], chunker) for _ in range(2)) for n in (8, 1))
        assert whole <= 30 * eighth + 0.05, chunker


def _measure_seconds(text: str, chunker: str) -> float:
    start = time.process_time()
    chunks = chunk(text, chunker=chunker)
    assert bool(chunks) == bool(text.strip())
    return time.process_time() - start


def test_ten_thousand_tiny_documents_are_a_chunk_each() -> None:
    document = make("A tiny text.")
    spans = split_sentences(document.text)
    assert sum(len(chunk_document(document, spans, LARGE)) for _ in range(10_000)) == 10_000


@pytest.mark.parametrize("mark", ["。", "！", "？", "؟ ", "। "])
def test_a_chunk_ends_with_a_sentence_of_any_script(mark: str) -> None:
    text = f"一二三四五六七八九十{mark}" * 40
    chunks = chunk(text, chunker="sentence", chunk_size=60, chunk_overlap=0)
    assert len(chunks) > 5 and all(c.text.endswith(mark.strip()) for c in chunks)


def test_vectors_and_tokens_that_are_missing_are_said_to_be_missing() -> None:
    document = make("One. Two. Three.")
    for values, missing in (({"chunker": "semantic"}, "sentence_vectors"), ({"chunk_unit": "tokens"}, "token_offsets")):
        with pytest.raises(ValueError, match=missing):
            chunk_document(document, split_sentences(document.text), PipelineSettings(**values))


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


@pytest.mark.parametrize("chunker", SPLITTERS)
@pytest.mark.parametrize("name", ["runbooks", "stories"])
def test_the_shipped_documents_keep_every_invariant(name: str, chunker: str) -> None:
    for document in load_documents([shipped_corpora()[name]]).documents[:8]:
        chunks = chunk_document(
            document, split_sentences(document.text), PipelineSettings(chunker=chunker), None, letter_vectors
        )
        check_invariants(document.text, chunks)


@pytest.mark.parametrize(
    "line", ["= Title =", " = = Part = = ", "== Part ==", "CHAPTER II", "Part\n====", "Part\n----"]
)
def test_headings_of_other_kinds_are_headings_too(line: str) -> None:
    body = "A sentence of the section. " * 30
    found = chunk(f"{body}\n\n{line}\n\n{body}", chunk_size=1000, chunk_overlap=200)
    assert [c.heading for c in found] == ["", line.split("\n")[0].strip("= ")]


def test_a_comment_in_code_is_no_heading() -> None:
    text = "# Check\n\nRun this.\n\n```bash\n# list the pods\nkubectl get pods\n```\n\nThen wait for it."
    assert chunk(text, chunk_size=50, chunk_overlap=0)[-1].heading == "Check"


def test_an_escaped_line_end_is_a_good_place_to_cut() -> None:
    text = "\\n\\n".join(["the same words again " * 6] * 8)
    assert all(c.text.startswith("the same") for c in chunk(text, chunk_size=300, chunk_overlap=0))
