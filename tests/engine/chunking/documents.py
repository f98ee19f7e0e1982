"""Documents to cut, and what must hold of the chunks of any of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from engine.chunking import DocumentLayout, analyse_document, chunk_document, split_layout
from engine.ingestion.loaders import make_document
from engine.ingestion.sentences import split_sentences
from engine.settings import PipelineSettings
from engine.types import Chunk, Document

PIECES = st.sampled_from(
    [
        "# Top\n", "## Second part\n", "\n\n", "\n", " ", "A sentence of several words. ", "Another one! ", "- an item\n", "x" * 120,
        "| a | b |\n", "|---|---|\n", "日本語の文です。", "🙂", "e\u0301", "\u2028", "word ", "```\ncode line\n```\n", "\r\n", "\\n\\n",
        "unbelievably antidisestablishmentarian ", "“Why?” she asked.\n\n", "“Because,” he said. “No.”\n\n", "User: what is it?\n",
        "Agent: It is so. And so on.\n", "* * *\n", "\n\n\n\n", "CHAPTER II\n\n", "Here it is:\n", "1. Do this\n   and that\n",
        "Title\n=====\n", "— Hola, dijo.\n", "{'content': 'a b', 'role': 'user'}, ", "a\tb\tc\n", "هل هذا سؤال؟ ",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=120).map("".join)
SIZES = st.integers(50, 400).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


def make(text: str, content_type: str = "markdown") -> Document:
    return make_document("d.md", "D", text, Path("/d.md"), content_type)


def word_tokens(text: str) -> list[tuple[int, int]]:
    """Tokens as a tokenizer gives them: at most six letters, or one mark."""
    return [m.span() for m in re.finditer(r"\w{1,6}|[^\w\s]", text)]


def letter_vectors(texts: Sequence[str]) -> np.ndarray:
    """A vector for each text by the letters in it: texts of the same words are alike."""
    counts = np.array([[text.lower().count(chr(97 + i)) + 0.01 for i in range(26)] for text in texts])
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def analyse(text: str, content_type: str = "markdown") -> DocumentLayout:
    return analyse_document(make(text, content_type), split_sentences(text), word_tokens, letter_vectors)


def cut(layout: DocumentLayout, **values: Any) -> list[Chunk]:
    return split_layout(layout, PipelineSettings(**values))


def chunk(text: str, token_offsets: Any = word_tokens, content_type: str = "markdown", **values: Any) -> list[Chunk]:
    document = make(text, content_type)
    return chunk_document(document, split_sentences(text), PipelineSettings(**values), token_offsets, letter_vectors)


def texts_of(text: str, **values: Any) -> list[str]:
    return [c.text for c in chunk(text, **values)]


def check_invariants(text: str, chunks: list[Chunk]) -> None:
    assert [c.index for c in chunks] == list(range(len(chunks)))
    assert all(text[c.start : c.end] == c.text and c.text.strip() == c.text != "" for c in chunks)
    covered = bytearray(len(text))
    for c in chunks:
        covered[c.start : c.end] = b"\1" * (c.end - c.start)
    assert all(kept or char.isspace() for char, kept in zip(text, covered, strict=True))
    assert all(a.start < b.start and a.end < b.end for a, b in itertools.pairwise(chunks))
