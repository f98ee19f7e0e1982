from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import SettingError
from engine.pipeline import open_pipeline
from engine.retrieval import retrieve_chunks
from engine.settings import PipelineSettings
from engine.types import Condition, ScoredChunk, SentenceArrays, WordLists

NO_SENTENCES = SentenceArrays(
    spans=np.zeros((0, 2), int),
    vectors=np.zeros((0, 2), np.float16),
    tokens=np.zeros(0, int),
    signs=np.zeros(0, np.uint16),
    words=WordLists.from_lists([]),
    names=WordLists.from_lists([]),
)


class ScriptedIndex:
    """An index whose rows are known: row i belongs to document i % documents."""

    def __init__(self, rows: int, documents: int) -> None:
        self.rows, self.documents, self.searched = rows, documents, []
        self.conditions: list[Sequence[Condition]] = []
        self.expansions: list[str] = []

    def count(self) -> int:
        return self.rows

    def search_dense(self, vector: np.ndarray, k: int, conditions: Sequence[Condition] = ()) -> list[tuple[int, float]]:
        self.searched.append("dense")
        self.conditions.append(conditions)
        return [(row, 1 - row / self.rows) for row in range(min(k, self.rows))]

    def search_lexical(
        self, words: str, k: int, conditions: Sequence[Condition] = (), expansion: str = ""
    ) -> list[tuple[int, float]]:
        self.searched.append("lexical")
        self.conditions.append(conditions)
        self.expansions.append(expansion)
        return [(row, 9.0 - row / self.rows) for row in range(min(k, self.rows))]

    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
        return [
            ScoredChunk(
                document=f"d{row % self.documents}", chunk_index=row, start=row, end=row + 1, text="x", title="", heading="",
                score=fused, similarity=1 - row / self.rows, lexical=lexical, sentences=NO_SENTENCES,
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
        def search_lexical(self, words: str, k: int, *others: object, **named: object) -> list[tuple[int, float]]:
            raise RuntimeError("no words index")

    with pytest.raises(RuntimeError, match="no words index"):
        retrieve(Broken(5, 5))
    assert len(retrieve(ScriptedIndex(5, 5)).chunks) == 5


class Written(ScriptedIndex):
    """Three chunks whose words, titles and sentences are told apart."""

    texts = ("the cable is grey", "the cable and the plug are grey", "a plug of brass")
    titles = ("", "", "PlugBrassTooHot")
    sentences: tuple[list[list[float]], ...] = ([], [], [])

    def __init__(self) -> None:
        super().__init__(3, 3)

    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
        return [
            replace(
                chunk,
                text=self.texts[chunk.chunk_index],
                title=self.titles[chunk.chunk_index],
                similarity=0.5,
                lexical=1.0,
                sentences=replace(
                    NO_SENTENCES, vectors=np.array(self.sentences[chunk.chunk_index], np.float16).reshape(-1, 2)
                ),
            )
            for chunk in super().fetch(scores, vector)
        ]


def ask(index: ScriptedIndex, text: str, reranker: Any = None, **values: Any) -> list[int]:
    vector = np.array([1.0, 0.0], np.float32)
    settings = PipelineSettings(**values)
    found = retrieve_chunks(index, text, lambda: vector, settings, lambda: 0.0, reranker)
    return [chunk.chunk_index for chunk in found.chunks]


def test_the_name_that_is_asked_for_comes_first_where_a_chunk_is_titled_by_it() -> None:
    assert ask(Written(), "PlugBrassTooHot fires")[0] == 2
    assert ask(Written(), "PlugBrassTooHot fires", fusion="rrf")[0] == 0
    assert ask(Written(), "plug brass fires")[0] == 0


def test_a_chunk_rises_by_its_best_sentence() -> None:
    index = Written()
    index.sentences = ([[0.1, 0.9]], [[0.2, 0.9], [0.95, 0.1]], [])
    assert ask(index, "grey") == [1, 2, 0], "a chunk without sentences counts by its own similarity"


def test_a_sentence_that_is_the_title_is_no_best_sentence() -> None:
    class Titled(Written):
        titles = ("Grey cables", "", "")

        def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
            chunks = super().fetch(scores, vector)
            return [
                replace(
                    chunk,
                    start=0,
                    end=40,
                    text="Grey cables\nThey lie there.",
                    sentences=replace(chunk.sentences, spans=np.array([[0, 11], [12, 27]])),
                )
                for chunk in chunks
            ]

    index = Titled()
    index.sentences = ([[0.99, 0.1], [0.2, 0.9]], [[0.7, 0.7], [0.1, 0.9]], [[0.3, 0.9], [0.1, 0.9]])
    assert ask(index, "grey") == [1, 2, 0]


def test_a_varied_order_puts_what_says_the_same_behind() -> None:
    index = Written()
    index.sentences = ([[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]])
    assert ask(index, "grey") == [0, 1, 2]
    assert ask(index, "grey", diversity=0.6) == [0, 2, 1]


def test_an_expansion_searches_words_that_the_best_chunks_share() -> None:
    index = Written()
    ask(index, "cable", expansion=2)
    assert index.expansions == ["", "grey plug"]
    index = Written()
    ask(index, "cable")
    assert index.expansions == [""]


def test_a_filter_goes_to_both_searches_and_an_unknown_field_is_refused() -> None:
    index = ScriptedIndex(30, 30)
    retrieve(index, filter="document=policies/*")
    assert index.conditions == [(Condition(field="document", pattern="policies/*"),)] * 2
    with pytest.raises(SettingError, match="no field 'author'.*document, title"):
        retrieve(index, filter="author=x")


def test_a_reranker_has_the_last_word_on_the_order_of_what_is_returned() -> None:
    class Backwards:
        def rerank(self, question: str, chunks: Sequence[ScoredChunk]) -> list[ScoredChunk]:
            assert question == "words"
            return list(chunks)[::-1]

    assert ask(ScriptedIndex(30, 30), "words", Backwards(), top_k=3) == [2, 1, 0]


def test_what_lies_beyond_the_lexical_ranking_is_not_taken_for_wordless() -> None:
    class Split(ScriptedIndex):
        """Meaning finds the rows from 200 on, words those before, all of them nearly as well."""

        def search_dense(self, vector: np.ndarray, k: int, *_: object) -> list[tuple[int, float]]:
            return [(200 + row, 0.6 - row / 200) for row in range(k)]

        def search_lexical(self, words: str, k: int, *_: object) -> list[tuple[int, float]]:
            return [(row, 10.0 - row / 1000) for row in range(k)]

        def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
            return [
                replace(chunk, similarity=0.6 - (chunk.chunk_index - 200) / 200 if chunk.chunk_index >= 200 else 0.3)
                for chunk in super().fetch(scores, vector)
            ]

    assert ask(Split(300, 300), "words", top_k=5) == [200, 201, 202, 203, 204]


def test_an_empty_index_gives_nothing() -> None:
    found = retrieve(ScriptedIndex(0, 0))
    assert found.chunks == [] and found.rest == []
