"""Chunks ranked for all questions at once, by the functions and in the steps of ``engine.retrieval``.

Candidates of both rankings are fused, the best of them rescored by their sentences and titles. The lab knows every score,
where an index tells those of its first few alone; what an index would not tell is replaced as retrieval replaces it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from engine.retrieval import DEPTH, Evidence, fuse_scores, parse_filter
from engine.retrieval.diversity import diversify
from engine.retrieval.expansion import expand_question
from engine.retrieval.rankings import LEXICAL_DEPTH
from engine.retrieval.search import BEYOND, SHORTLIST
from engine.settings import PipelineSettings
from engine.tuning.corpus import ChunkSet, LabCorpus
from engine.tuning.questions import LabQuestions
from engine.types import Document

# Weight of words found by feedback against those of the question, as in ``engine.index``.
EXPANSION_BOOST = 0.3


@dataclass(frozen=True, slots=True)
class Ranking:
    """``order`` (questions, depth): chunks best first, -1 behind the last; ``lexical`` what BM25 gave, (questions, chunks)."""

    order: np.ndarray
    lexical: np.ndarray


def rank_chunks(
    corpus: LabCorpus,
    questions: LabQuestions,
    chunks: ChunkSet,
    similarity: np.ndarray,
    lexical: np.ndarray,
    settings: PipelineSettings,
) -> Ranking:
    """The ranking that context selection gets, ``similarity`` and ``lexical`` being float32 (questions, chunks)."""
    if not len(chunks):
        return Ranking(np.full((len(questions), 1), -1), lexical)
    kept = _meets_filter(corpus, chunks, settings)
    if settings.mode == "dense":
        lexical = np.zeros_like(lexical)
    order, known = _order_candidates(similarity, lexical, kept, settings)
    if settings.expansion and settings.mode != "dense":
        lexical = lexical + _score_feedback(corpus, questions, chunks, order, settings)
        order, known = _order_candidates(similarity, lexical, kept, settings)
    width = min(max(SHORTLIST, settings.top_k), order.shape[1])
    head = order[:, :width]
    if settings.mode == "hybrid" and settings.fusion == "learned":
        head = _rescore(questions, chunks, similarity, known, head, settings)
    if settings.diversity:
        head = _vary(corpus, chunks, similarity, head, settings)
    return Ranking(np.concatenate([head, order[:, width:]], axis=1), lexical)


def find_best(scores: np.ndarray, k: int) -> np.ndarray:
    """The places of the ``k`` largest of each row, largest first; of equal ones the first comes first."""
    if k < scores.shape[1]:
        part = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
    else:
        part = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, part, 1), axis=1, kind="stable")
    return np.take_along_axis(part, order, 1)


def _order_candidates(
    similarity: np.ndarray, lexical: np.ndarray, kept: np.ndarray | None, settings: PipelineSettings
) -> tuple[np.ndarray, np.ndarray]:
    """The candidates best first (questions, depth), -1 behind the last, and BM25 as far as an index would tell it."""
    if kept is not None:
        similarity, lexical = np.where(kept, similarity, -np.inf), np.where(kept, lexical, 0.0)
    count = similarity.shape[1]
    depth = min(max(DEPTH, settings.top_k), count)
    deep = min(max(LEXICAL_DEPTH, settings.top_k), count)
    known = lexical
    if deep < count:
        last = np.partition(lexical, count - deep, axis=1)[:, count - deep, None]
        known = np.where(lexical >= last, lexical, BEYOND * last if settings.mode != "lexical" else 0.0)
    pool = np.zeros(similarity.shape, bool)
    if settings.mode != "lexical":
        near = find_best(similarity, depth)
        np.put_along_axis(pool, near, True, 1)
        furthest = np.take_along_axis(similarity, near[:, -1:], 1)
        similarity = np.where(pool, similarity, furthest)
    if settings.mode != "dense":
        words = find_best(lexical, deep if settings.mode == "lexical" else depth)
        np.put_along_axis(
            pool, words, np.take_along_axis(pool, words, 1) | (np.take_along_axis(lexical, words, 1) > 0), 1
        )
    if kept is not None:
        pool &= kept
    scores = fuse_scores(Evidence(dense=np.nan_to_num(similarity, neginf=-1.0), lexical=known, chunks=count), settings)
    order = find_best(np.where(pool, scores, -np.inf), min(depth + deep, count))
    return np.where(np.take_along_axis(pool, order, 1), order, -1), known


def _rescore(
    questions: LabQuestions,
    chunks: ChunkSet,
    similarity: np.ndarray,
    lexical: np.ndarray,
    head: np.ndarray,
    settings: PipelineSettings,
) -> np.ndarray:
    """The shortlist by everything that is known of its chunks."""
    safe = np.maximum(head, 0)
    dense = np.take_along_axis(similarity, safe, 1)
    first, last = chunks.first[safe], chunks.last[safe]
    flat = np.append(questions.sentences.ravel(), np.float32(-np.inf))
    shift = np.arange(len(head))[:, None] * questions.sentences.shape[1]
    highest = np.maximum.reduceat(flat, np.stack([first + shift, last + shift], axis=2).ravel())[::2].reshape(
        head.shape
    )
    evidence = Evidence(
        dense=dense,
        lexical=np.take_along_axis(lexical, safe, 1),
        chunks=len(chunks),
        sentences=np.where(last > first, highest, dense),
        titles=np.take_along_axis(questions.titles, chunks.document[safe], 1),
    )
    scores = np.where(head >= 0, fuse_scores(evidence, settings), -np.inf)
    return np.take_along_axis(head, np.argsort(-scores, axis=1, kind="stable"), 1)


def _score_feedback(
    corpus: LabCorpus, questions: LabQuestions, chunks: ChunkSet, order: np.ndarray, settings: PipelineSettings
) -> np.ndarray:
    """BM25 of the words that the best chunks of the first search share, as far as they count."""
    texts = corpus.read_chunks(chunks)
    added = []
    for words, row in zip(questions.words, order[:, :SHORTLIST].tolist(), strict=True):
        found = expand_question(words, [texts[c] for c in row if c >= 0], settings.expansion)
        added.append(corpus.words.number(found.split()))
    return EXPANSION_BOOST * corpus.words.score(added, chunks)


def _vary(
    corpus: LabCorpus, chunks: ChunkSet, similarity: np.ndarray, head: np.ndarray, settings: PipelineSettings
) -> np.ndarray:
    """Each question's shortlist in the order of maximal marginal relevance."""
    varied = np.full_like(head, -1)
    for q, row in enumerate(head):
        own = row[row >= 0]
        scores = np.arange(len(own), 0, -1.0)  # places stand for scores: they are ranked already
        varied[q, : len(own)] = own[diversify(scores, chunks.vectors[own], settings.diversity, len(own))]
    return varied


def _meets_filter(corpus: LabCorpus, chunks: ChunkSet, settings: PipelineSettings) -> np.ndarray | None:
    """Bool (chunks,) for the chunks whose document meets ``filter``; None without one."""
    conditions = parse_filter(settings.filter)
    if not conditions:
        return None
    kept = np.ones(len(corpus.documents), bool)
    for field in {c.field for c in conditions if not c.excludes}:
        wanted = [c.pattern for c in conditions if c.field == field and not c.excludes]
        kept &= [any(_matches(d, field, pattern) for pattern in wanted) for d in corpus.documents]
    for condition in conditions:
        if condition.excludes:
            kept &= [not _matches(d, condition.field, condition.pattern) for d in corpus.documents]
    return kept[chunks.document]


def _matches(document: Document, field: str, pattern: str) -> bool:
    value = document.id if field == "document" else str(getattr(document, field))
    form = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern.lower())
    return re.fullmatch(form, value.lower(), re.S) is not None
