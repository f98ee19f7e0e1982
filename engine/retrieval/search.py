"""One question against an index: candidates of both rankings, the best of them fetched and rescored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

import numpy as np

from engine.retrieval.diversity import diversify
from engine.retrieval.expansion import expand_question
from engine.retrieval.fusion import DEPTH, Evidence, fuse_scores
from engine.retrieval.rankings import LEXICAL_DEPTH, ChunkIndex, Rankings, Search, search_index
from engine.retrieval.terms import find_identifiers, share_of_name
from engine.settings import PipelineSettings
from engine.types import Ranked, ScoredChunk

DISTINCT_DOCUMENTS = 10
# Chunks that are fetched and rescored before the first ``top_k`` are taken: 20 do as well as all candidates.
SHORTLIST = 24
# A chunk beyond the lexical ranking's end is taken to have this share of its last score (measured: 0.7 to 0.9 alike, 0
# loses 0.02 of nDCG@10 on a pool of 16,000 chunks).
BEYOND = 0.8
# A change that is committed between search and fetch gives the rows other ids: the search is made again.
ATTEMPTS = 3


class Reranker(Protocol):
    """Puts retrieved chunks in a better order."""

    def rerank(self, question: str, chunks: Sequence[ScoredChunk]) -> list[ScoredChunk]:
        """The same chunks, best first, with the scores of the new order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """``chunks``: the best ``top_k`` with their texts; ``rest``: places ranked behind them, for document measures."""

    chunks: list[ScoredChunk]
    rest: list[Ranked]
    vector: np.ndarray
    timings_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Rows of both rankings, best first by what is known before they are fetched; ``beyond`` stands for an unknown BM25."""

    rows: list[int]
    scores: np.ndarray
    bm25: dict[int, float]
    beyond: float
    chunks: int


def retrieve_chunks(
    index: ChunkIndex,
    text: str,
    embed: Callable[[], np.ndarray],
    settings: PipelineSettings,
    clock: Callable[[], float],
    reranker: Reranker | None = None,
    background: str = "",
    rankings: Rankings | None = None,
) -> Retrieved:
    """Search a question. The lexical search runs while the question is embedded.

    Args:
        text: the words to search by.
        embed: gives the question's vector.
        clock: milliseconds, for the timings of the stages.
        reranker: changes the order of the chunks that are returned.
        background: what a follow-up question leans on; its words count half.
        rankings: what ``search_index`` has found for it already.

    Raises:
        SettingError: ``filter`` cannot be read.
    """
    search = Search.open(index, text, settings, background)
    rankings = rankings or search_index(search, embed, clock)
    embed_ms, search_ms, vector = rankings.embed_ms, rankings.search_ms, rankings.vector
    started = clock()
    for attempt in range(ATTEMPTS):
        if attempt:
            rankings = search_index(search, lambda: vector, clock)
        dense, lexical, count = rankings.dense, rankings.lexical, rankings.chunks
        if settings.expansion and lexical:
            lexical = _expand(search, vector, dense, lexical, count)
        found = _join(search, dense, lexical, count)
        searched = clock()
        wanted = found.rows[: max(SHORTLIST, settings.top_k)]
        best = {row: (float(s), found.bm25.get(row, 0.0)) for row, s in zip(wanted, found.scores, strict=False)}
        shortlist = index.fetch(best, vector)
        if len(shortlist) == len(best):
            break
    ranked = _rescore(search, shortlist, found, vector)
    chunks = ranked[: settings.top_k]
    if reranker:
        chunks = reranker.rerank(text, chunks)
    rest = _rank_rest(search, vector, ranked, found)
    timings = {"embed": embed_ms, "search": search_ms + searched - started, "fetch": clock() - searched}
    return Retrieved(chunks=chunks, rest=rest, vector=vector, timings_ms=timings)


def _join(
    search: Search, dense: Sequence[tuple[int, float]], lexical: Sequence[tuple[int, float]], count: int
) -> _Candidates:
    """The candidates of both rankings. What one ranking does not tell of a chunk is taken to be just beyond its end."""
    similarity, bm25 = dict(dense), dict(lexical)
    limit = len(lexical) if search.settings.mode == "lexical" else max(DEPTH, search.settings.top_k)
    rows = list(dict.fromkeys([*similarity, *(row for row, _ in lexical[:limit])]))
    furthest = dense[-1][1] if dense else 0.0
    full = len(lexical) >= max(LEXICAL_DEPTH, search.settings.top_k)
    beyond = BEYOND * lexical[-1][1] if full and dense else 0.0
    words = np.array([bm25.get(row, beyond) for row in rows])
    meaning = np.array([similarity.get(row, furthest) for row in rows])
    scores = _score(search, Evidence(dense=meaning[None], lexical=words[None], chunks=count)) if rows else words
    order = np.argsort(-scores, kind="stable")
    return _Candidates([rows[i] for i in order], scores[order], bm25, beyond, count)


def _rescore(
    search: Search, chunks: Sequence[ScoredChunk], found: _Candidates, vector: np.ndarray
) -> list[ScoredChunk]:
    """The fetched chunks by all that is known of them, best first; in a varied order when ``diversity`` asks for it."""
    settings = search.settings
    if not chunks:
        return []
    scores = np.array([chunk.score for chunk in chunks])
    if settings.mode == "hybrid" and settings.fusion == "learned":
        scores = _score(search, _describe(search, chunks, found, vector))
    order = [int(i) for i in np.argsort(-scores, kind="stable")]
    if settings.diversity and len(chunks) > 1:
        centres = np.stack([_centre(chunk, len(vector)) for chunk in chunks])
        order = diversify(scores, centres, settings.diversity, len(chunks))
    return [chunks[i].rescored(float(scores[i])) for i in order]


def collect_evidence(
    index: ChunkIndex, text: str, vector: np.ndarray, settings: PipelineSettings
) -> tuple[list[ScoredChunk], Evidence]:
    """The shortlist of a question and what its fused scores are made of, for fitting their balance."""
    search = Search.open(index, text, settings)
    lexical, count = search.find_words(max(LEXICAL_DEPTH, settings.top_k))
    found = _join(search, search.find_meaning(vector, max(DEPTH, settings.top_k)), lexical, count)
    rows = found.rows[: max(SHORTLIST, settings.top_k)]
    chunks = index.fetch({row: (0.0, found.bm25.get(row, 0.0)) for row in rows}, vector)
    return chunks, _describe(search, chunks, found, vector)


def _score(search: Search, evidence: Evidence) -> np.ndarray:
    """One score for each candidate."""
    return fuse_scores(evidence, search.settings)[0]


def _describe(search: Search, chunks: Sequence[ScoredChunk], found: _Candidates, vector: np.ndarray) -> Evidence:
    names = find_identifiers(search.text)
    titles = [
        share_of_name(names, chunk.title, PurePosixPath(chunk.document).stem) if names else 0.0 for chunk in chunks
    ]
    return Evidence(
        dense=np.array([[chunk.similarity for chunk in chunks]]),
        lexical=np.array([[chunk.lexical or found.beyond for chunk in chunks]]),
        chunks=found.chunks,
        sentences=_best_sentences(chunks, vector)[None],
        titles=np.array([titles]),
    )


def _best_sentences(chunks: Sequence[ScoredChunk], vector: np.ndarray) -> np.ndarray:
    """Cosine of the question and each chunk's best sentence; a chunk without any has its own similarity.

    A sentence that only repeats the title is none: the title counts in the chunk's vector already.
    """
    kept = [chunk.sentences.vectors[_title_sentences(chunk) :] for chunk in chunks]
    counts = np.array([len(vectors) for vectors in kept])
    best = np.array([chunk.similarity for chunk in chunks])
    if counts.any():
        stacked = np.concatenate(kept).astype(np.float32)
        starts = np.concatenate([[0], np.cumsum(counts[counts > 0])[:-1]])
        best[counts > 0] = np.maximum.reduceat(stacked @ vector, starts)
    return best


def _title_sentences(chunk: ScoredChunk) -> int:
    """How many sentences at the chunk's start are its title."""
    if not chunk.title or not chunk.text.startswith(chunk.title + "\n"):
        return 0
    return int((chunk.sentences.spans[:, 1] <= chunk.start + len(chunk.title) + 1).sum())


def _centre(chunk: ScoredChunk, dimension: int) -> np.ndarray:
    if not len(chunk.sentences.vectors):
        return np.zeros(dimension, np.float32)
    mean = chunk.sentences.vectors.astype(np.float32).mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def _expand(
    search: Search,
    vector: np.ndarray,
    dense: Sequence[tuple[int, float]],
    lexical: Sequence[tuple[int, float]],
    count: int,
) -> list[tuple[int, float]]:
    """The lexical ranking of the question with words that the best chunks of the first search share."""
    first = _join(search, dense, lexical, count)
    rows = first.rows[:SHORTLIST]
    passages = search.index.fetch(dict.fromkeys(rows, (0.0, 0.0)), vector)
    expansion = expand_question(search.words, [chunk.text for chunk in passages], search.settings.expansion)
    depth = max(LEXICAL_DEPTH, search.settings.top_k)
    return search.find_words(depth, expansion)[0] if expansion else list(lexical)


def _rank_rest(search: Search, vector: np.ndarray, ranked: Sequence[ScoredChunk], found: _Candidates) -> list[Ranked]:
    """What is ranked behind the first ``top_k``, from a deeper search if need be, until ten documents are ranked or all."""
    index, settings = search.index, search.settings
    known = {chunk.document for chunk in ranked[: settings.top_k]}
    if len(known) >= DISTINCT_DOCUMENTS:
        return []
    rest = [
        Ranked(document=chunk.document, start=chunk.start, end=chunk.end, score=chunk.score)
        for chunk in ranked[settings.top_k :]
    ]
    behind = dict(zip(found.rows[len(ranked) :], found.scores[len(ranked) :].tolist(), strict=True))
    rest += _places(index, behind)
    documents = known | {place.document for place in rest}
    seen, depth = set(found.rows), max(DEPTH, settings.top_k)
    wanted = min(DISTINCT_DOCUMENTS, index.count_documents()) if len(documents) < DISTINCT_DOCUMENTS else 0
    while len(documents) < wanted:
        depth *= 8
        dense = search.find_meaning(vector, depth)
        lexical, count = search.find_words(depth) if settings.mode != "dense" else ([], 0)
        deeper = _join(search, dense, lexical, count)
        fresh = {row: s for row, s in zip(deeper.rows, deeper.scores.tolist(), strict=True) if row not in seen}
        if not fresh:
            break
        seen |= fresh.keys()
        rest += _places(index, fresh)
        documents |= {place.document for place in rest}
    return rest


def _places(index: ChunkIndex, scores: dict[int, float]) -> list[Ranked]:
    places = index.fetch_places(list(scores)) if scores else {}
    return [
        Ranked(document=document, start=start, end=end, score=scores[row])
        for row, (document, start, end) in places.items()
    ]
