"""An index as one question sees it: asked once for the same thing, and told the same as the index tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from engine.retrieval import RememberedIndex
from engine.types import Condition, ScoredChunk, SentenceArrays, WordLists

VECTOR = np.ones(2, np.float32)
EMPTY = WordLists.from_lists([])
SENTENCES = SentenceArrays(
    spans=np.zeros((0, 2), np.int64), vectors=np.zeros((0, 2), np.float16), tokens=np.zeros(0, np.int64),
    signs=np.zeros(0, np.uint16), words=EMPTY, names=EMPTY,
)  # fmt: skip


class CountingIndex:
    """Twenty rows, and how often each thing was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.gone: set[int] = set()

    def count(self) -> int:
        self.asked["count"] += 1
        return 20

    def count_documents(self) -> int:
        self.asked["documents"] += 1
        return 20

    def search_dense(self, vector: np.ndarray, k: int, conditions: Sequence[Condition] = ()) -> list[tuple[int, float]]:
        self.asked["dense"] += 1
        return [(row, 1.0 - row / 20) for row in range(20)][:k]

    def search_lexical(
        self, words: str, k: int, conditions: Sequence[Condition] = (), expansion: str = "", repeats: int = 3
    ) -> list[tuple[int, float]]:
        self.asked[f"lexical {words} {expansion}".strip()] += 1
        return [(row, 20.0 - row) for row in range(20)][:k]

    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]:
        return [
            ScoredChunk(
                document=f"d{row}", chunk_index=0, start=0, end=1, text="x", title="", heading="", score=score,
                similarity=0.0, lexical=bm25, sentences=SENTENCES,
            )
            for row, (score, bm25) in scores.items() if row not in self.gone
        ]  # fmt: skip

    def fetch_places(self, rows: Sequence[int]) -> dict[int, tuple[str, int, int]]:
        return {row: (f"d{row}", 0, 1) for row in rows}


def test_rounds_of_one_question_search_once() -> None:
    index = CountingIndex()
    remembered = RememberedIndex(index, depth=15)
    assert remembered.search_dense(VECTOR, 5) == index.search_dense(VECTOR, 5)
    assert remembered.search_dense(VECTOR, 15) == index.search_dense(VECTOR, 15)
    assert index.asked["dense"] == 1 + 2
    for _ in range(2):
        assert remembered.search_lexical("box", 7) == index.search_lexical("box", 7)
        assert (remembered.count(), remembered.count_documents()) == (20, 20)
    assert (index.asked["lexical box"], index.asked["count"], index.asked["documents"]) == (1 + 2, 1, 1)


def test_what_differs_is_searched_by_itself() -> None:
    index = CountingIndex()
    remembered = RememberedIndex(index)
    remembered.search_dense(VECTOR, 5)
    remembered.search_dense(VECTOR, 5, [Condition(field="document", pattern="a*", excludes=False)])
    remembered.search_dense(VECTOR, 9)
    remembered.search_lexical("box", 5)
    remembered.search_lexical("box", 5, expansion="crate")
    assert (index.asked["dense"], index.asked["lexical box"], index.asked["lexical box crate"]) == (3, 1, 1)


def test_rows_that_are_gone_make_it_search_again() -> None:
    index = CountingIndex()
    remembered = RememberedIndex(index)
    found = remembered.search_dense(VECTOR, 5)
    index.gone = {3}
    assert len(remembered.fetch({row: (s, 0.0) for row, s in found}, VECTOR)) == 4
    remembered.search_dense(VECTOR, 5)
    assert index.asked["dense"] == 2
