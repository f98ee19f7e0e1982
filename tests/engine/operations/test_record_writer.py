"""Records reach the store, wait for it, and are dropped only where the guide says so."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import duckdb

from engine.operations.record_writer import RecordWriter
from engine.store import open_store
from engine.store.requests import RequestStore
from tests.engine.operations.records import make_request


def row(number: int, **changes: object) -> dict[str, object]:
    return dataclasses.asdict(make_request(number)) | changes


def await_empty(writer: RecordWriter) -> None:
    deadline = time.monotonic() + 20
    while writer.waiting and time.monotonic() < deadline:
        time.sleep(0.02)
    assert writer.waiting == 0


def test_beyond_the_bound_rows_are_dropped_and_counted(home: Path) -> None:
    writer = RecordWriter(home, buffered=5)
    for number in range(8):
        writer.add("requests", row(number))
    assert writer.dropped["requests"] == 3
    writer.close()
    with open_store(home) as store:
        assert len(RequestStore(store).load_latest()) == 5


def test_a_row_that_no_column_takes_is_dropped_and_the_others_are_kept(home: Path) -> None:
    writer = RecordWriter(home)
    writer.add("requests", row(1))
    writer.add("requests", row(2, total_ms=None))
    writer.add("requests", row(3))
    writer.close()
    assert writer.dropped["requests"] == 1
    with open_store(home) as store:
        assert len(RequestStore(store).load_latest()) == 2


def test_a_repeated_row_is_kept_once(home: Path) -> None:
    writer = RecordWriter(home)
    for _ in range(3):
        writer.add("requests", row(1))
    writer.close()
    with open_store(home) as store:
        assert len(RequestStore(store).load_latest()) == 1


def test_rows_wait_while_another_program_holds_the_store_and_are_written_when_it_lets_go(home: Path) -> None:
    with open_store(home):
        pass
    foreign = duckdb.connect(str(home / "store.duckdb"))
    writer = RecordWriter(home)
    writer.add("requests", row(1))
    try:
        assert not writer.flush()
        assert writer.waiting == 1
        assert "store" in writer.problem
    finally:
        foreign.close()
    await_empty(writer)
    writer.close()
    assert (writer.dropped.total(), writer.problem) == (0, "")
    with open_store(home) as store:
        assert len(RequestStore(store).load_latest()) == 1
