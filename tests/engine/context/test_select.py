from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from engine.context.coefficients import load_coefficients
from engine.context.select import Selection, select_context
from engine.context.sentences import describe_sentences
from engine.context.words import parse_question
from engine.ingestion.sentences import split_sentences
from engine.settings import PipelineSettings
from engine.types import ScoredChunk, SentenceArrays

QUESTION = "How long does a refund take?"
VECTOR = np.eye(4, dtype=np.float32)[0]


class SameWords:
    """A lexicon that knows no word but itself."""

    def compare(self, terms: np.ndarray, words: np.ndarray) -> np.ndarray:
        return (terms[:, None] == words[None, :]).astype(np.float32)


def make_chunk(document: str, index: int, text: str, start: int, end: int, nearness: Sequence[float]) -> ScoredChunk:
    """A chunk of ``text[start:end]``; ``nearness`` is each sentence's cosine with the question."""
    spans = [(max(a, start), min(b, end)) for a, b in split_sentences(text) if a < end and b > start]
    near = [nearness[min(i, len(nearness) - 1)] for i in range(len(spans))]
    vectors = np.array([[n, np.sqrt(1 - n * n), 0, 0] for n in near], np.float16).reshape(-1, 4)
    texts = [text[a:b] for a, b in spans]
    signs, words, names = describe_sentences(texts)
    sentences = SentenceArrays(
        spans=np.array(spans).reshape(-1, 2), vectors=vectors, tokens=np.array([len(t.split()) for t in texts], int),
        signs=signs, words=words, names=names,
    )  # fmt: skip
    return ScoredChunk(
        document=document, chunk_index=index, start=start, end=end, text=text[start:end], title="", heading="", score=1 / (index + 1),
        similarity=max(near, default=0.0), lexical=0.0, sentences=sentences,
    )  # fmt: skip


def select(chunks: Sequence[ScoredChunk], **values: Any) -> Selection:
    return select_context(
        parse_question(QUESTION), VECTOR, chunks, PipelineSettings(**values), load_coefficients(), SameWords()
    )


TEXT = " ".join(f"A refund of kind {i} takes {i} days to reach you." for i in range(12))


def overlapping(document: str = "a") -> list[ScoredChunk]:
    size = len(TEXT) // 4
    return [make_chunk(document, i, TEXT, i * size, min(len(TEXT), i * size + 2 * size), [0.6, 0.7]) for i in range(4)]


def test_what_two_chunks_share_stands_in_the_context_once() -> None:
    parts = select([overlapping()[i] for i in (0, 1, 3)], budget_tokens=60).context.parts
    assert parts
    assert all(a.end <= b.start or b.end <= a.start for a, b in combinations(parts, 2))
    assert all(TEXT[p.start : p.end] == p.text and p.text.strip() == p.text for p in parts)


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 0, 1), (1, 0, 2), (1, 2, 0)])
def test_a_chunk_between_two_taken_ones_adds_only_what_they_lack(order: tuple[int, ...]) -> None:
    chunks = [overlapping()[i] for i in order]
    parts = select(chunks).context.parts
    assert all(a.end <= b.start or b.end <= a.start for a, b in combinations(parts, 2))
    assert all(TEXT[p.start : p.end] == p.text for p in parts)


def test_equal_places_of_two_documents_do_not_hide_each_other() -> None:
    parts = select([overlapping("a")[0], overlapping("b")[0]]).context.parts
    assert {p.document for p in parts} == {"a", "b"}


def test_the_context_keeps_to_its_budget_but_never_drops_the_best_sentence() -> None:
    chunks = [make_chunk(f"d{i}", 0, TEXT, 0, len(TEXT), [0.6]) for i in range(10)]
    words = len(TEXT.split())
    wide = select(chunks, budget_tokens=3 * words + 5).context
    assert len(wide.parts) > 1 and words < wide.tokens <= 3 * words + 5
    assert wide.tokens == sum(len(p.text.split()) for p in wide.parts)
    long = "go " * 80 + "takes a refund 5 days."
    assert select([make_chunk("a", 0, long, 0, len(long), [0.6])], budget_tokens=50).context.tokens > 50


def test_a_neighbour_of_the_evidence_comes_before_what_stands_far_away() -> None:
    text = "A refund takes five days to reach you. It is then on your card. The shop was painted green. Nobody was asked. The lamp broke."
    chosen = select([make_chunk("a", 0, text, 0, len(text), [0.9, 0.1, 0.1, 0.1, 0.4])], budget_tokens=50)
    assert [s.start for s in chosen.evidence[:1]] == [0]
    assert chosen.context.parts[0].text.startswith("A refund takes five days to reach you. It is then on your card.")


def test_chunks_under_the_similarity_floor_are_left_out() -> None:
    chunks = [make_chunk("near", 0, TEXT, 0, 200, [0.6]), make_chunk("far", 0, TEXT, 0, 200, [0.2])]
    assert {p.document for p in select(chunks, min_similarity=0.5).context.parts} == {"near"}
    assert {p.document for p in select(chunks, min_similarity=-1.0).context.parts} >= {"near"}
    nothing = select(chunks, min_similarity=0.9)
    assert (nothing.context.parts, nothing.context.quality, nothing.evidence) == ((), 0.0, ())
    assert len(nothing.chunks) == 2, "the ranking stays"


def test_one_near_sentence_lets_a_chunk_in() -> None:
    chunk = make_chunk("a", 0, TEXT, 0, len(TEXT), [0.1, 0.1, 0.8, 0.1])
    assert select([chunk], min_similarity=0.5).context.parts


def test_the_floor_is_one_of_vectors_and_does_not_hold_for_words_alone() -> None:
    chunk = make_chunk("a", 0, TEXT, 0, len(TEXT), [0.1])
    assert select([chunk], min_similarity=0.5, mode="lexical").context.parts
    assert not select([chunk], min_similarity=0.5, mode="hybrid").context.parts


def test_no_chunks_give_an_empty_context_of_no_quality() -> None:
    found = select([])
    assert (found.context.parts, found.context.quality, found.context.tokens) == ((), 0.0, 0)


def test_quality_is_a_probability_and_higher_where_the_question_is_answered() -> None:
    good = select([make_chunk("a", 0, TEXT, 0, len(TEXT), [0.8])]).context.quality
    other = "The warehouse was painted green. Nobody knows who chose the colour. It dried overnight."
    bad = select([make_chunk("a", 0, other, 0, len(other), [0.3])]).context.quality
    assert 0 <= bad < good <= 1


def test_evidence_lies_within_the_parts_best_first_and_its_relevance_is_a_share() -> None:
    found = select(overlapping())
    assert found.evidence
    scores = [s.score for s in found.evidence]
    assert scores == sorted(scores, reverse=True)
    assert all(
        any(p.document == s.document and p.start <= s.start and s.end <= p.end for p in found.context.parts)
        for s in found.evidence
    )
    assert all(TEXT[s.start : s.end] == s.text for s in found.evidence)
    assert len({(s.document, s.start) for s in found.evidence}) == len(found.evidence)
    assert sum(s.relevance for s in found.evidence) <= 1 + 1e-6 and min(s.relevance for s in found.evidence) >= 0
