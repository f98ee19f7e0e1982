from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.pipeline import open_pipeline
from engine.retrieval import fuse_rankings, retrieve_chunks
from engine.settings import PipelineSettings
from engine.types import ScoredChunk, SentenceArrays, WordLists

DENSE = [(1, 0.9), (2, 0.8), (3, 0.7)]
LEXICAL = [(3, 12.0), (4, 5.0)]

NO_SENTENCES = SentenceArrays(
    spans=np.zeros((0, 2), int),
    vectors=np.zeros((0, 2), np.float16),
    tokens=np.zeros(0, int),
    signs=np.zeros(0, np.uint16),
    words=WordLists.from_lists([]),
    names=WordLists.from_lists([]),
)


def test_ranks_are_fused_as_computed_by_hand() -> None:
    fused = fuse_rankings(DENSE, LEXICAL, 0.5)
    assert list(fused) == [3, 1, 2, 4]
    assert fused[3] == pytest.approx(0.5 / 63 + 0.5 / 61)
    assert fused[1] == pytest.approx(0.5 / 61)
    assert fused[2] == pytest.approx(0.5 / 62) and fused[4] == pytest.approx(0.5 / 62)


def test_a_weight_of_one_is_the_dense_ranking_alone_and_of_nothing_the_lexical_one() -> None:
    assert list(fuse_rankings(DENSE, LEXICAL, 1.0)) == [1, 2, 3]
    assert list(fuse_rankings(DENSE, LEXICAL, 0.0)) == [3, 4]


def test_nothing_found_is_fused_to_nothing() -> None:
    assert fuse_rankings([], [], 0.5) == {}
    assert list(fuse_rankings([], LEXICAL, 0.9)) == [3, 4]


class ScriptedIndex:
    """An index whose rows are known: row i belongs to document i % documents."""

    def __init__(self, rows: int, documents: int) -> None:
        self.rows, self.documents, self.searched = rows, documents, []

    def search_dense(self, vector: np.ndarray, k: int) -> list[tuple[int, float]]:
        self.searched.append("dense")
        return [(row, 1 - row / self.rows) for row in range(min(k, self.rows))]

    def search_lexical(self, text: str, k: int) -> list[tuple[int, float]]:
        self.searched.append("lexical")
        return [(row, 9.0 - row / self.rows) for row in range(min(k, self.rows))]

    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
        return [
            ScoredChunk(
                document=f"d{row % self.documents}", chunk_index=row, start=row, end=row + 1, text="x", title="", heading="",
                score=fused, similarity=0.0, lexical=lexical, sentences=NO_SENTENCES,
            )
            for row, (fused, lexical) in scores.items()
        ]  # fmt: skip

    def fetch_places(self, rows: Sequence[int]) -> dict[int, tuple[str, int, int]]:
        return {row: (f"d{row % self.documents}", row, row + 1) for row in rows}

    def count_documents(self) -> int:
        return self.documents


def retrieve(index: ScriptedIndex, **values: Any) -> Any:
    return retrieve_chunks(index, "words", lambda: np.zeros(2), PipelineSettings(**values), lambda: 0.0)


@pytest.mark.parametrize(
    ("mode", "searched"), [("dense", {"dense"}), ("lexical", {"lexical"}), ("hybrid", {"dense", "lexical"})]
)
def test_a_mode_searches_only_what_it_needs(mode: str, searched: set[str]) -> None:
    index = ScriptedIndex(30, 30)
    found = retrieve(index, mode=mode)
    assert set(index.searched) == searched and len(found.chunks) == 20
    assert (found.chunks[0].lexical > 0) == ("lexical" in searched)


def test_at_most_top_k_chunks_are_fetched_and_the_rest_is_ranked_behind_them() -> None:
    found = retrieve(ScriptedIndex(100, 60), top_k=3)
    assert [c.chunk_index for c in found.chunks] == [0, 1, 2]
    assert len({c.document for c in found.chunks} | {r.document for r in found.rest}) >= 10
    assert [r.start for r in found.rest] == list(range(3, 3 + len(found.rest)))


@pytest.mark.parametrize("per_document", [1, 4, 20])
def test_at_least_ten_distinct_documents_are_ranked_where_the_index_has_them(per_document: int) -> None:
    class Grouped(ScriptedIndex):
        def fetch_places(self, rows: Sequence[int]) -> dict[int, tuple[str, int, int]]:
            return {row: (f"d{row // per_document}", row, row + 1) for row in rows}

        def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
            chunks = super().fetch(scores, vector)
            return [replace(c, document=f"d{c.chunk_index // per_document}") for c in chunks]

    found = retrieve(Grouped(30 * per_document, 30), top_k=2)
    assert len({c.document for c in found.chunks} | {r.document for r in found.rest}) >= 10
    starts = [c.start for c in found.chunks] + [r.start for r in found.rest]
    assert starts == sorted(set(starts)), "what a deeper search finds stands behind, each once"


def test_an_index_of_few_documents_is_searched_once() -> None:
    index = ScriptedIndex(5000, 3)
    found = retrieve(index, top_k=2)
    assert sorted(index.searched) == ["dense", "lexical"]
    assert {c.document for c in found.chunks} | {r.document for r in found.rest} == {"d0", "d1", "d2"}


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
@pytest.mark.parametrize("top_k", [1, 20])
def test_real_questions_rank_ten_documents_or_all_there_are(
    library: Path, monkeypatch: pytest.MonkeyPatch, mode: str, top_k: int
) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(library))
    pipeline = open_pipeline("customer-service", PipelineSettings(mode=mode, top_k=top_k))
    ranked = pipeline.answer("How long do I have to return a damaged box of tape?").retrieved
    assert len({r.document for r in ranked}) >= 10
    assert [r.score for r in ranked] == sorted((r.score for r in ranked), reverse=True)
    assert len({(r.document, r.start) for r in ranked}) == len(ranked)


def test_a_change_between_search_and_fetch_makes_the_search_anew() -> None:
    class Changing(ScriptedIndex):
        fetched = 0

        def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
            self.fetched += 1
            return super().fetch(scores if self.fetched > 1 else {}, vector)

    index = Changing(30, 30)
    assert len(retrieve(index).chunks) == 20
    assert sorted(index.searched) == ["dense", "dense", "lexical", "lexical"]


def test_a_missing_index_part_is_an_error_of_the_question_not_of_the_next_one() -> None:
    class Broken(ScriptedIndex):
        def search_lexical(self, text: str, k: int) -> list[tuple[int, float]]:
            raise RuntimeError("no words index")

    with pytest.raises(RuntimeError, match="no words index"):
        retrieve(Broken(5, 5))
    assert len(retrieve(ScriptedIndex(5, 5)).chunks) == 5
