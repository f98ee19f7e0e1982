"""Vectors held in memory find what the table finds, as of its newest version, and within their bound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.index import ChunkTable, reader
from engine.index.vectors import TableVectors, VectorCache
from engine.types import Condition
from tests.engine.index.test_table import batch, build, documents, unit

ANY = [Condition(field="document", pattern="*")]


def test_memory_finds_what_the_table_finds(tmp_path: Path) -> None:
    table = build(tmp_path, [f"w{i}" for i in range(300)])
    for query in (*unit(5, 7), 3 * unit(1, 8)[0]):
        held, read = table.search_dense(query, 40), table.search_dense(query, 40, ANY)
        assert [row for row, _ in held] == [row for row, _ in read]
        assert [s for _, s in held] == pytest.approx([s for _, s in read], abs=1e-5)
    assert table.search_dense(unit(1)[0], 1000)[299:] and table.count() == 300


def test_the_second_search_reads_no_vector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = build(tmp_path, ["one", "two", "three"])
    monkeypatch.setattr(reader, "VECTORS", VectorCache())
    first = table.search_dense(unit(1)[0], 3)
    monkeypatch.setattr(reader.LOOP, "run", lambda work: work.close() or pytest.fail("the table was asked"))
    assert table.search_dense(unit(1)[0], 3) == first and table.count() == 3


def test_a_change_by_another_opener_is_seen_at_the_next_search(tmp_path: Path) -> None:
    table = build(tmp_path, ["one", "two"])
    wanted = unit(1, 9)[0]
    assert len(table.search_dense(wanted, 9)) == table.count() == 2
    ChunkTable(tmp_path, "t").change(batch(["three"], unit(1, 9), first=2), ["d0"])
    found = table.search_dense(wanted, 9)
    assert documents(table, found) == ["d2", "d1"] and found[0][1] == pytest.approx(1.0, abs=1e-5)
    assert table.count() == 2


def test_a_table_that_is_too_large_is_searched_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = build(tmp_path, [f"w{i}" for i in range(20)])
    before = table.search_dense(unit(1)[0], 5)
    for bound in ({"MOST_ROWS": 20, "VECTORS": VectorCache()}, {"MOST_ROWS": 21, "VECTORS": VectorCache(500)}):
        for name, value in bound.items():
            monkeypatch.setattr(reader, name, value)
        for _ in range(2):
            found = table.search_dense(unit(1)[0], 5)
            assert [row for row, _ in found] == [row for row, _ in before]
        assert not any(held for _, held in [bound["VECTORS"].find(str(tmp_path / "t"), version(table))])


def version(table: ChunkTable) -> str:
    newest = reader.read_newest(Path(table._folder), table.name)
    assert newest
    return newest


def test_the_least_recently_used_table_goes_first() -> None:
    cache, vectors = VectorCache(largest_bytes=2_500), TableVectors.of(np.arange(8), unit(8))
    for name in ("a", "b", "c"):
        cache.keep(name, "1", vectors)
        cache.find("a", "1")
    assert [cache.find(name, "1")[0] for name in ("a", "b", "c")] == [True, False, True]
    assert cache.find("a", "2") == (False, None)
    cache.clear()
    assert cache.find("a", "1") == (False, None)


def test_a_vector_of_zeros_is_near_to_nothing() -> None:
    held = TableVectors.of(np.arange(2), np.stack([np.zeros(4, np.float32), np.ones(4, np.float32)]))
    assert held.find_nearest(np.zeros(4, np.float32), 2) == [(0, 0.0), (1, 0.0)]
    assert held.find_nearest(np.ones(4, np.float32), 2) == [(1, pytest.approx(1.0)), (0, 0.0)]
