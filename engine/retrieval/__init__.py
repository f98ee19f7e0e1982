"""Question to ranked chunks: dense, lexical (BM25) or both, fused by reciprocal rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.settings import PipelineSettings
from engine.types import Ranked, ScoredChunk

__all__ = ["Retrieved", "fuse_rankings", "retrieve_chunks"]

RRF_CONSTANT = 60
DEPTH = 50
DISTINCT_DOCUMENTS = 10
# A change that is committed between search and fetch gives the rows other ids: the search is made again.
ATTEMPTS = 3
Ranking = Sequence[tuple[int, float]]

_lexical_thread = ThreadPoolExecutor(max_workers=4, thread_name_prefix="lexical")


class ChunkIndex(Protocol):
    """What retrieval needs of an index."""

    def search_dense(self, vector: np.ndarray, k: int) -> list[tuple[int, float]]: ...
    def search_lexical(self, text: str, k: int) -> list[tuple[int, float]]: ...
    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]: ...
    def fetch_places(self, rows: Sequence[int]) -> dict[int, tuple[str, int, int]]: ...
    def count_documents(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """``chunks``: the best ``top_k`` with their texts; ``rest``: places ranked behind them, for document measures."""

    chunks: list[ScoredChunk]
    rest: list[Ranked]
    vector: np.ndarray
    timings_ms: dict[str, float]


def fuse_rankings(dense: Ranking, lexical: Ranking, weight: float) -> dict[int, float]:
    """Reciprocal rank fusion (Cormack et al. 2009): sum of share / (60 + rank), the dense ranking's share is ``weight``.

    Returns:
        fused score by row id, best first.
    """
    scores: dict[int, float] = {}
    for ranking, share in ((dense, weight), (lexical, 1 - weight)):
        if share:
            for rank, (row, _) in enumerate(ranking, 1):
                scores[row] = scores.get(row, 0.0) + share / (RRF_CONSTANT + rank)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def retrieve_chunks(
    index: ChunkIndex,
    text: str,
    embed: Callable[[], np.ndarray],
    settings: PipelineSettings,
    clock: Callable[[], float],
) -> Retrieved:
    """Search a question. The lexical search runs while the question is embedded.

    Args:
        text: the words to search by.
        embed: gives the question's vector.
        clock: milliseconds, for the timings of the stages.
    """
    depth = max(DEPTH, settings.top_k)
    weight = {"hybrid": settings.weight, "dense": 1.0, "lexical": 0.0}[settings.mode]
    started = clock()
    waiting = _lexical_thread.submit(index.search_lexical, text, depth) if weight < 1 else None
    vector = embed()
    embedded = clock()
    for attempt in range(ATTEMPTS):
        dense = index.search_dense(vector, depth) if weight > 0 else []
        if attempt and weight < 1:
            waiting = _lexical_thread.submit(index.search_lexical, text, depth)
        lexical = waiting.result() if waiting else []
        fused = fuse_rankings(dense, lexical, weight)
        bm25 = dict(lexical)
        best = {row: (fused[row], bm25.get(row, 0.0)) for row in list(fused)[: settings.top_k]}
        searched = clock()
        chunks = index.fetch(best, vector)
        if len(chunks) == len(best):
            break
    rest = _rank_rest(index, text, vector, fused, weight, settings.top_k, {chunk.document for chunk in chunks})
    fetched = clock()
    timings = {"embed": embedded - started, "search": searched - embedded, "fetch": fetched - searched}
    return Retrieved(chunks=chunks, rest=rest, vector=vector, timings_ms=timings)


def _rank_rest(
    index: ChunkIndex,
    text: str,
    vector: np.ndarray,
    fused: dict[int, float],
    weight: float,
    top_k: int,
    known: set[str],
) -> list[Ranked]:
    """What is ranked behind the first ``top_k``, from a deeper search if need be, until ten documents are ranked or all."""
    if len(known) >= DISTINCT_DOCUMENTS:
        return []
    rest = _places(index, fused, list(fused)[top_k:])
    documents = known | {place.document for place in rest}
    seen, depth = set(fused), max(DEPTH, top_k)
    wanted = min(DISTINCT_DOCUMENTS, index.count_documents()) if len(documents) < DISTINCT_DOCUMENTS else 0
    while len(documents) < wanted:
        depth *= 8
        dense = index.search_dense(vector, depth) if weight > 0 else []
        lexical = index.search_lexical(text, depth) if weight < 1 else []
        deeper = {row: score for row, score in fuse_rankings(dense, lexical, weight).items() if row not in seen}
        if not deeper:
            break
        seen |= deeper.keys()
        rest += _places(index, deeper, list(deeper))
        documents |= {place.document for place in rest}
    return rest


def _places(index: ChunkIndex, scores: dict[int, float], rows: Sequence[int]) -> list[Ranked]:
    places = index.fetch_places(rows) if rows else {}
    return [
        Ranked(document=document, start=start, end=end, score=scores[row])
        for row, (document, start, end) in places.items()
    ]
