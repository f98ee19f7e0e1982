"""Retrieved chunks to a context: the sentences that hold the evidence with what makes them readable, under a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.context.coefficients import Coefficients
from engine.context.evidence import (
    ChunkEvidence,
    Lexicon,
    OwnEvidence,
    describe_own,
    describe_retrieved,
    score_evidence,
)
from engine.context.quality import build_quality_features
from engine.context.questions import QuestionBatch, batch_questions
from engine.context.sentences import SentenceTable, Sign, join_sentences
from engine.context.words import Question
from engine.settings import PipelineSettings
from engine.types import Context, ContextPart, EvidenceSentence, ScoredChunk

# A sentence enters the context while its value is at least this share of the best one's.
LEAST_SHARE = 0.002
# What a neighbour inherits of a sentence's probability, each step away.
NEIGHBOUR_SHARE = 0.3
NEIGHBOURS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The context, its sentences best first, and the chunks re-ranked by their best sentence."""

    context: Context
    evidence: tuple[EvidenceSentence, ...]
    chunks: tuple[ScoredChunk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is chosen for q questions out of s sentences: all arrays are (q, s) but ``quality`` and ``tokens`` (q,)."""

    scores: np.ndarray
    relevance: np.ndarray
    chosen: np.ndarray
    quality: np.ndarray
    tokens: np.ndarray


def choose_sentences(
    questions: QuestionBatch,
    table: SentenceTable,
    own: OwnEvidence,
    retrieved: ChunkEvidence,
    allowed: np.ndarray,
    budget: int,
    coefficients: Coefficients,
) -> Choice:
    """Choose the sentences of each question's context.

    A sentence's relevance is the softmax of its score over the sentences retrieved for its question. Sentences are taken
    in the order of that relevance, a part of which goes to their neighbours, until the budget is full or what is left
    has next to none of it; the best one is always taken.

    Args:
        allowed: bool (q, s), the retrieved sentences that may enter the context.
    """
    features = {**own.features, **retrieved.features}
    says = (table.arrays.signs & Sign.SAYS) > 0
    answering = retrieved.retrieved & says
    scores = np.where(answering, score_evidence(features, coefficients.sentence), -np.inf)
    relevance = _probabilities(scores)
    value = np.where(allowed, _share_with_neighbours(relevance, table), 0.0)
    chosen = _take(value, table.arrays.tokens, budget)
    inside = np.where(chosen & answering, scores, -np.inf)
    quality = estimate(questions, table, own, retrieved, inside, relevance, chosen, coefficients)
    return Choice(
        scores=scores,
        relevance=relevance,
        chosen=chosen,
        quality=quality,
        tokens=(chosen * table.arrays.tokens).sum(axis=1),
    )


def estimate(
    questions: QuestionBatch,
    table: SentenceTable,
    own: OwnEvidence,
    retrieved: ChunkEvidence,
    inside: np.ndarray,
    relevance: np.ndarray,
    chosen: np.ndarray,
    coefficients: Coefficients,
) -> np.ndarray:
    """The quality (q,) of the chosen contexts; 0 where nothing that can answer was chosen."""
    empty = ~np.isfinite(inside).any(axis=1)
    scores = np.where(empty[:, None], 0.0, inside)
    features = {**own.features, **retrieved.features}
    x = build_quality_features(questions, table, features, own, scores, relevance, chosen, retrieved.retrieved)
    return np.where(empty, 0.0, coefficients.rate_quality(x))


def select_context(
    question: Question,
    vector: np.ndarray,
    chunks: Sequence[ScoredChunk],
    settings: PipelineSettings,
    coefficients: Coefficients,
    lexicon: Lexicon,
) -> Selection:
    """Choose the context of one question. Chunks under ``min_similarity`` are left out of it, not out of the ranking."""
    if not any(len(chunk.sentences.tokens) for chunk in chunks):
        return Selection(context=Context(parts=(), quality=0.0, tokens=0), evidence=(), chunks=tuple(chunks))
    table, rows = join_sentences(chunks)
    questions = batch_questions([question])
    own = describe_own(questions, vector[None], table, lexicon)
    similarity = np.array([[chunk.similarity for chunk in chunks]], np.float32)
    lexical = np.array([[chunk.lexical for chunk in chunks]], np.float32)
    retrieved = describe_retrieved(table, [rows], similarity, lexical)
    allowed = find_allowed(chunks, rows, own.features["similarity"][0], settings)[None]
    choice = choose_sentences(questions, table, own, retrieved, allowed, settings.budget_tokens, coefficients)
    scores, relevance = choice.scores[0], choice.relevance[0]
    chunk_of = retrieved.chunk[0]
    parts = _join_parts(table, choice.chosen[0], relevance, chunk_of, chunks, rows)
    inside = np.flatnonzero(choice.chosen[0] & np.isfinite(scores))
    evidence = [
        _as_evidence(
            table,
            chunks,
            chunks[chunk_of[i]],
            i,
            scores[i],
            own.features["similarity"][0, i],
            relevance[i],
            list_covered(questions, own, 0, i),
        )
        for i in inside[np.argsort(-scores[inside], kind="stable")].tolist()
    ]
    best = [scores[r].max(initial=-np.inf) for r in rows]
    ranked = (
        sorted(range(len(chunks)), key=lambda i: -best[i]) if settings.reranker == "sentences" else range(len(chunks))
    )
    return Selection(
        context=Context(parts=parts, quality=float(choice.quality[0]), tokens=int(choice.tokens[0])),
        evidence=tuple(evidence),
        chunks=tuple(chunks[i] for i in ranked),
    )


def find_allowed(
    chunks: Sequence[ScoredChunk], rows: Sequence[np.ndarray], similarity: np.ndarray, settings: PipelineSettings
) -> np.ndarray:
    """Sentences of chunks that are near enough, or have a sentence that is; the floor does not hold for words alone."""
    if settings.mode == "lexical":
        return np.ones(len(similarity), bool)
    allowed = np.zeros(len(similarity), bool)
    for chunk, places in zip(chunks, rows, strict=True):
        if max(chunk.similarity, similarity[places].max(initial=-1.0)) >= settings.min_similarity:
            allowed[places] = True
    return allowed


def _probabilities(scores: np.ndarray) -> np.ndarray:
    """The softmax of each row: how likely each sentence is the one that answers. They were fitted under this loss."""
    best = scores.max(axis=1, keepdims=True, initial=-np.inf)
    weights = np.exp(scores - np.where(np.isfinite(best), best, 0.0))
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-30)


def _share_with_neighbours(relevance: np.ndarray, table: SentenceTable) -> np.ndarray:
    value = relevance
    for _ in range(NEIGHBOURS):
        step = NEIGHBOUR_SHARE * value
        value = value.copy()
        value[:, 1:] = np.where(table.follows[1:], np.maximum(value[:, 1:], step[:, :-1]), value[:, 1:])
        value[:, :-1] = np.where(table.follows[1:], np.maximum(value[:, :-1], step[:, 1:]), value[:, :-1])
    return value


def _take(value: np.ndarray, tokens: np.ndarray, budget: int) -> np.ndarray:
    """Bool (q, s): by falling value, until the budget is full."""
    order = np.argsort(-value, axis=1, kind="stable")
    ranked = np.take_along_axis(value, order, axis=1)
    wanted = (ranked > 0) & (ranked >= LEAST_SHARE * ranked[:, :1])
    fits = wanted & (np.where(wanted, tokens[order], 0).cumsum(axis=1) <= budget)
    fits[:, 0] |= ranked[:, 0] > 0
    chosen = np.zeros_like(fits)
    np.put_along_axis(chosen, order, fits, axis=1)
    return chosen


def _join_parts(
    table: SentenceTable,
    chosen: np.ndarray,
    relevance: np.ndarray,
    chunk_of: np.ndarray,
    chunks: Sequence[ScoredChunk],
    rows: Sequence[np.ndarray],
) -> tuple[ContextPart, ...]:
    """Runs of chosen sentences of one document as passages, best first."""
    spans = table.arrays.spans
    joined = np.zeros(len(table), bool)  # to the row before: a chunk holds what stands between the two, or they overlap
    joined[1:] = (table.document[1:] == table.document[:-1]) & (spans[1:, 0] < spans[:-1, 1])
    for places in rows:
        joined[places[1:][np.diff(places) == 1]] = True
    picked = np.flatnonzero(chosen)
    breaks = np.flatnonzero((np.diff(picked) > 1) | ~joined[picked[1:]]) + 1
    parts = []
    for run in np.split(picked, breaks) if len(picked) else ():
        source = chunks[chunk_of[run].min()]
        start, end = int(spans[run[0], 0]), int(spans[run, 1].max())
        parts.append(
            ContextPart(
                document=source.document,
                chunk_index=source.chunk_index,
                start=start,
                end=end,
                text=read_text(chunks, source.document, start, end),
                score=round(float(relevance[run].sum()), 6),
            )
        )
    return tuple(sorted(parts, key=lambda part: -part.score))


def list_covered(questions: QuestionBatch, own: OwnEvidence, question: int, sentence: int) -> tuple[float, ...]:
    """``EvidenceSentence.covered`` of a sentence for a question."""
    mask = int(own.wide[question, sentence])
    return tuple(w if mask >> t & 1 else 0.0 for t, w in enumerate(questions.weights[question].tolist()))


def read_text(chunks: Sequence[ScoredChunk], document: str, start: int, end: int) -> str:
    """``document.text[start:end]``, out of the chunks that cover it one after another."""
    text = ""
    while start < end:
        chunk = max(
            (c for c in chunks if c.document == document and c.start <= start < c.end), key=lambda chunk: chunk.end
        )
        text += chunk.text[start - chunk.start : end - chunk.start]
        start = chunk.end
    return text


def _as_evidence(
    table: SentenceTable,
    chunks: Sequence[ScoredChunk],
    chunk: ScoredChunk,
    row: int,
    score: float,
    similarity: float,
    relevance: float,
    covered: tuple[float, ...],
) -> EvidenceSentence:
    start, end = table.arrays.spans[row].tolist()
    return EvidenceSentence(
        document=chunk.document,
        chunk_index=chunk.chunk_index,
        start=start,
        end=end,
        text=read_text(chunks, chunk.document, start, end),
        score=float(score),
        similarity=float(similarity),
        relevance=float(relevance),
        title=chunk.title,
        covered=covered,
    )
