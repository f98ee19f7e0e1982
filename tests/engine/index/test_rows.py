"""Rows in memory: bounded, and never another chunk's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.index import ChunkTable
from engine.index.rows import ROWS, Row, RowCache
from engine.types import ScoredChunk
from tests.engine.index.test_table import batch, build, one_sentence, unit


def make_row(text: str) -> Row:
    vector = unit(1)[0]
    chunk = ScoredChunk(
        document="d", chunk_index=0, start=0, end=len(text), text=text, title="", heading="", score=0.0, similarity=0.0,
        lexical=0.0, sentences=one_sentence(text, vector),
    )  # fmt: skip
    return Row(chunk, vector)


def test_the_rows_used_least_lately_go_first_and_the_bound_holds() -> None:
    size = make_row("x" * 1000).size
    cache = RowCache(3 * size)
    cache.keep("t", {i: make_row("x" * 1000) for i in range(3)})
    cache.find("t", [0])
    cache.keep("t", {3: make_row("x" * 1000)})
    assert list(cache.find("t", range(5))) == [0, 2, 3]


def test_a_row_larger_than_all_is_not_held_and_pushes_nothing_out() -> None:
    cache = RowCache(make_row("small").size + 10)
    cache.keep("t", {0: make_row("small")})
    cache.keep("t", {1: make_row("large" * 10_000)})
    assert list(cache.find("t", range(2))) == [0]


def test_tables_of_the_same_row_ids_are_told_apart() -> None:
    cache = RowCache()
    cache.keep("a", {0: make_row("of a")})
    assert not cache.find("b", [0])


def fetched(table: ChunkTable, vector: np.ndarray) -> dict[str, str]:
    rows = {row: (0.0, 0.0) for row, _ in table.search_dense(vector, 10)}
    return {chunk.document: chunk.text for chunk in table.fetch(rows, vector)}


def test_a_chunk_is_read_once_and_a_changed_one_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, vector = build(tmp_path, ["one apple", "two pears"]), unit(1)[0]
    assert fetched(table, vector) == {"d0": "one apple", "d1": "two pears"}
    read: list[int] = []
    take = table._take
    monkeypatch.setattr(table, "_take", lambda rows, columns: read.extend(rows) or take(rows, columns))
    assert fetched(table, vector) == {"d0": "one apple", "d1": "two pears"}
    assert read == []
    table.change(batch(["three plums"], unit(1, 5)), ["d0"])
    assert fetched(table, vector) == {"d0": "three plums", "d1": "two pears"}
    assert read
    ROWS.clear()
    assert fetched(table, vector) == {"d0": "three plums", "d1": "two pears"}


def test_scores_belong_to_the_question_that_asked(tmp_path: Path) -> None:
    table = build(tmp_path, ["one apple", "two pears"])
    for seed in range(3):
        vector = unit(1, seed)[0]
        found = dict(table.search_dense(vector, 5))
        chunks = table.fetch({row: (float(seed), 2.0 * seed) for row in found}, vector)
        assert [(c.score, c.lexical) for c in chunks] == [(seed, 2.0 * seed)] * 2
        assert [c.similarity for c in chunks] == pytest.approx(list(found.values()), abs=1e-5)
