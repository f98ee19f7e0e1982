"""Contexts of all questions at once, by the functions that the pipeline uses for one (``engine.context``).

A small corpus is taken whole: what depends on question and sentence alone is computed once. Of a large one each block of
questions sees only the sentences that were retrieved for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from engine.context.coefficients import load_coefficients
from engine.context.evidence import ChunkEvidence, OwnEvidence, describe_own
from engine.context.questions import QuestionBatch
from engine.context.select import choose_sentences
from engine.context.sentences import SentenceTable, find_followers, hash_telling
from engine.embedding.lexicon import load_lexicon
from engine.settings import PipelineSettings
from engine.tuning.corpus import ChunkSet, LabCorpus
from engine.tuning.questions import LabQuestions
from engine.tuning.scoring import Intervals, merge_pieces
from engine.types import SentenceArrays

# Question-sentence pairs whose features are kept; of more than that only retrieved sentences are looked at.
KEPT_PAIRS = 1_500_000
BLOCK_PAIRS = 1_000_000
SMALL_BLOCK = 32
CORES = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contexts:
    """The contexts of q questions.

    Attributes:
        pieces: passages on the corpus' axis of characters.
        quality, tokens: (q,).
        order: (q, k) retrieved chunks as the engine ranks them in the end, -1 behind the last.
        chosen: question and sentence of each chosen sentence, with its score and relevance, best first by question.
        steps: what was tried to improve the context of a question that was weak.
    """

    pieces: Intervals
    quality: np.ndarray
    tokens: np.ndarray
    order: np.ndarray
    chosen: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    steps: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Block:
    low: int
    high: int
    rows: np.ndarray
    table: SentenceTable
    questions: QuestionBatch
    own: OwnEvidence


class ContextChooser:
    """Chooses contexts for a suite, and keeps what no setting changes."""

    def __init__(self, corpus: LabCorpus, questions: LabQuestions) -> None:
        self._corpus, self._questions = corpus, questions
        self._coefficients = load_coefficients()
        sentences = len(corpus.sentences)
        self._threads = ThreadPoolExecutor(CORES, thread_name_prefix="contexts")
        self._whole: list[_Block] | None = None
        if sentences * len(questions) <= KEPT_PAIRS and sentences:
            step = max(1, min(BLOCK_PAIRS // sentences, -(-len(questions) // CORES)))
            rows = np.arange(sentences)
            self._whole = [self._block(low, step, rows, corpus.sentences) for low in range(0, len(questions), step)]

    def choose(
        self,
        settings: PipelineSettings,
        chunks: ChunkSet,
        order: np.ndarray,
        similarity: np.ndarray,
        lexical: np.ndarray,
        members: np.ndarray | None = None,
    ) -> Contexts:
        """Contexts out of the retrieved chunks.

        Args:
            order: (q, k) retrieved chunks, best first, -1 behind the last.
            similarity, lexical: (q, chunks).
            members: the questions that the rows stand for; all of them when None.
        """

        def choose(block: _Block) -> _Chosen:
            return _choose_block(block, chunks, order, similarity, lexical, settings, self._coefficients)

        # NumPy lets go of the interpreter's lock, so blocks run side by side.
        parts = list(self._threads.map(choose, self._blocks(chunks, order, members)))
        if not parts:
            nothing = np.zeros(0, np.int64)
            zeros = np.zeros(len(order))
            empty = (nothing, nothing, np.zeros(0), np.zeros(0))
            return Contexts(
                pieces=merge_pieces(nothing, nothing, nothing), quality=zeros, tokens=zeros, order=order, chosen=empty
            )
        question, row, score, relevance, linked = (
            np.concatenate(column) for column in zip(*(p[3] for p in parts), strict=True)
        )
        table, corpus = self._corpus.sentences, self._corpus
        base = corpus.base[table.document[row]]
        start = np.where(linked, table.arrays.spans[row - 1, 1], table.arrays.spans[row, 0])
        return Contexts(
            pieces=merge_pieces(question, base + start, base + table.arrays.spans[row, 1]),
            quality=np.concatenate([p[0] for p in parts]),
            tokens=np.concatenate([p[1] for p in parts]),
            order=np.concatenate([p[2] for p in parts]),
            chosen=(question, row, score, relevance),
        )

    def _blocks(self, chunks: ChunkSet, order: np.ndarray, members: np.ndarray | None) -> Iterator[_Block]:
        if self._whole is not None and members is None:
            yield from self._whole
            return
        for low in range(0, len(order) if len(self._corpus.sentences) else 0, SMALL_BLOCK):
            found = np.unique(order[low : low + SMALL_BLOCK])
            found = found[found >= 0]
            inside = np.zeros(len(self._corpus.sentences) + 1, np.int64)
            np.add.at(inside, chunks.first[found], 1)
            np.add.at(inside, chunks.last[found], -1)
            rows = np.flatnonzero(np.cumsum(inside)[:-1])
            if not len(rows):  # a search by words that found nothing: arrays need a sentence, nobody has retrieved it
                rows = np.zeros(1, np.int64)
            yield self._block(low, SMALL_BLOCK, rows, _take_sentences(self._corpus.sentences, rows), members)

    def _block(
        self, low: int, step: int, rows: np.ndarray, table: SentenceTable, members: np.ndarray | None = None
    ) -> _Block:
        picked = (np.arange(len(self._questions)) if members is None else members)[low : low + step]
        high = low + len(picked)
        questions = self._questions.batch(picked)
        own = describe_own(questions, self._questions.vectors[picked], table, load_lexicon(hash_telling))
        return _Block(low, high, rows, table, questions, own)


_Chosen = tuple[np.ndarray, np.ndarray, np.ndarray, tuple[np.ndarray, ...]]


def _choose_block(
    block: _Block,
    chunks: ChunkSet,
    order: np.ndarray,
    similarity: np.ndarray,
    lexical: np.ndarray,
    settings: PipelineSettings,
    coefficients: object,
) -> _Chosen:
    order = order[block.low : block.high]
    found = order >= 0
    safe = np.maximum(order, 0)
    first = np.searchsorted(block.rows, chunks.first[safe]) * found
    last = np.searchsorted(block.rows, chunks.last[safe]) * found
    spread = _Spread(first, last, len(block.table))
    near = np.where(found, np.take_along_axis(similarity[block.low : block.high], safe, 1), -1.0)
    words = np.where(found, np.take_along_axis(lexical[block.low : block.high], safe, 1), 0.0)
    sentence = np.broadcast_to(block.own.features["similarity"], (len(order), len(block.table)))
    retrieved = spread.describe(near, words)
    if settings.mode == "lexical":
        allowed = spread.cover(found)
    else:
        allowed = spread.cover(found & (np.maximum(near, spread.highest(sentence)) >= settings.min_similarity))
    choice = choose_sentences(
        block.questions,
        block.table,
        block.own,
        retrieved,
        allowed,
        settings.budget_tokens,
        coefficients,  # type: ignore[arg-type]
    )
    if settings.reranker == "sentences":
        best = np.where(found, spread.highest(choice.scores), -np.inf)
        # A chunk without a sentence that can answer stands behind the others, an empty place behind all.
        place = np.argsort(np.where(found, -best, np.inf), axis=1, kind="stable")
        place = np.take_along_axis(place, np.argsort(~np.take_along_axis(found, place, 1), axis=1, kind="stable"), 1)
        order = np.take_along_axis(order, place, 1)
    question, row = np.nonzero(choice.chosen)
    linked = choice.chosen & spread.link()
    linked[:, 1:] &= choice.chosen[:, :-1]
    linked = linked[question, row]
    score, relevance = choice.scores[question, row], choice.relevance[question, row]
    rank = np.lexsort((-score, question))
    chosen = (question[rank] + block.low, block.rows[row[rank]], score[rank], relevance[rank], linked[rank])
    return choice.quality, choice.tokens, order, chosen


class _Spread:
    """Retrieved chunks (q, k) laid over s sentences, each from ``first`` to before ``last``."""

    def __init__(self, first: np.ndarray, last: np.ndarray, sentences: int) -> None:
        self._first, self._last, self._sentences = first, last, sentences

    def describe(self, similarity: np.ndarray, lexical: np.ndarray) -> ChunkEvidence:
        """As ``engine.context.evidence.describe_retrieved``: each sentence with the best of the chunks that hold it."""
        counts = (self._last - self._first)[
            :, ::-1
        ].ravel()  # worst first: the best chunk of a sentence is written last
        ranks = np.broadcast_to(np.arange(self._first.shape[1])[::-1], self._first.shape).ravel()
        begins = (self._first + np.arange(len(self._first))[:, None] * self._sentences)[:, ::-1].ravel()
        cells = np.repeat(begins - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        chunk = np.full(len(self._first) * self._sentences, -1, np.int32)
        chunk[cells] = np.repeat(ranks, counts)
        chunk = chunk.reshape(len(self._first), self._sentences)
        share = lexical / np.maximum(lexical.max(axis=1, keepdims=True, initial=0.0), 1e-9)
        question, place = np.arange(len(chunk))[:, None], np.maximum(chunk, 0)
        features = {
            "chunk_similarity": similarity[question, place],
            "chunk_rank": (1 / (1 + np.arange(similarity.shape[1]))).astype(np.float32)[place],
            "lexical": share[question, place],
        }
        return ChunkEvidence(chunk >= 0, features, chunk)

    def cover(self, chunks: np.ndarray) -> np.ndarray:
        """Bool (q, s): sentences of the chunks that are marked in ``chunks`` (q, k)."""
        return self._count(self._first, self._last, chunks) > 0

    def link(self) -> np.ndarray:
        """Bool (q, s): sentences that stand in one chunk with the row before them."""
        return self._count(self._first + 1, self._last, self._last - self._first > 1) > 0

    def highest(self, values: np.ndarray) -> np.ndarray:
        """(q, k): the largest of the sentences' values (q, s) in each chunk, -inf for one without sentences."""
        flat = np.append(np.ravel(values), -np.inf)
        shift = np.arange(len(self._first))[:, None] * self._sentences
        bounds = np.stack([self._first + shift, self._last + shift], axis=2).ravel()
        highest = np.maximum.reduceat(flat, bounds)[::2].reshape(self._first.shape)
        return np.where(self._last > self._first, highest, -np.inf)

    def _count(self, first: np.ndarray, last: np.ndarray, counted: np.ndarray) -> np.ndarray:
        width = self._sentences + 1
        steps = np.zeros(len(first) * width, np.int32)
        question, place = np.nonzero(counted & (last > first))
        np.add.at(steps, question * width + first[question, place], 1)
        np.add.at(steps, question * width + last[question, place], -1)
        return np.cumsum(steps.reshape(len(first), width), axis=1)[:, :-1]


def _take_sentences(table: SentenceTable, rows: np.ndarray) -> SentenceTable:
    a = table.arrays
    document, spans = table.document[rows], a.spans[rows]
    arrays = SentenceArrays(
        spans=spans,
        vectors=a.vectors[rows],
        tokens=a.tokens[rows],
        signs=a.signs[rows],
        words=a.words.take(rows),
        names=a.names.take(rows),
    )
    return replace(
        table, document=document, arrays=arrays, about=table.about[rows], follows=find_followers(document, spans)
    )
