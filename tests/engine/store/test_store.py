from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from engine.errors import DiskFullError, StoreError
from engine.store import Store, open_store

ROOT = Path(__file__).resolve().parents[3]


def document(number: int, **changes: object) -> dict[str, object]:
    return {
        "corpus": "c", "document": f"{number}.md", "title": "it's", "source": "/x", "content_type": "markdown",
        "content_hash": "h", "characters": number, "chunks": 1, **changes,
    }  # fmt: skip


def case(case_id: str, **changes: object) -> dict[str, object]:
    return {
        "run_id": "r", "case_id": case_id, "position": 1, "kind": "qa", "status": "passed", "question": "q\0'?",
        "answer": None, "abstained": False, "context_quality": 0.1 + 0.2, "latency_ms": 1e-300, "tags": ["a", "b'"],
        "checks": {"correct": True}, "detail": {"x": [1.5, "ü\n", None, {"y": "\0"}]},
        "ended_at": datetime(2024, 1, 2, 3, 4, 5, 678901), "steps": 6, "model_calls": None, "degraded": "", **changes,
    }  # fmt: skip


def test_rows_come_back_as_they_went(either: Store) -> None:
    rows = [case("1"), case("2", tags=[], detail=[], checks={}, answer="ja")]
    either.insert("cases", rows)
    assert either.query("SELECT * FROM cases ORDER BY case_id") == rows


def test_a_row_replaces_the_one_of_its_key(either: Store) -> None:
    either.insert("cases", [case("1", tags=["old"])])
    either.insert("cases", [case("1", tags=["new"])])
    assert either.query("SELECT tags FROM cases") == [{"tags": ["new"]}]


def test_a_row_does_not_replace_when_told_so(either: Store) -> None:
    either.insert("cases", [case("1", answer="first")])
    either.insert("cases", [case("1", answer="second"), case("2", answer="third")], replace=False)
    assert either.query("SELECT answer FROM cases ORDER BY case_id") == [{"answer": "first"}, {"answer": "third"}]


def test_many_rows_are_split_into_statements_and_all_arrive(either: Store) -> None:
    either.insert("documents", [document(n, title="x" * 2_000) for n in range(3_000)])
    assert either.query("SELECT count(*) AS n, sum(characters) AS s FROM documents") == [{"n": 3_000, "s": 4_498_500}]


def test_no_rows_are_no_statement(either: Store) -> None:
    either.insert("documents", [])
    assert either.query("FROM documents") == []


def test_missing_columns_get_their_default(store: Store) -> None:
    row = {
        "run_id": "r", "suite": "s", "suite_path": "/s", "suite_hash": "h", "suite_cases": 1, "target": "t",
        "settings": {}, "provenance": {}, "status": "running", "cases": 1, "pid": 1, "started_at": "2024-01-01",
        "heartbeat_at": "2024-01-01",
    }  # fmt: skip
    store.insert("runs", [row])
    assert store.query("SELECT seconds, memory, preset FROM runs") == [{"seconds": 0.0, "memory": None, "preset": None}]


def test_bad_rows_are_refused_before_anything_is_written(store: Store) -> None:
    with pytest.raises(ValueError, match="no table 'nosuch'"):
        store.insert("nosuch", [{"a": 1}])
    with pytest.raises(ValueError, match="no column 'colour'"):
        store.insert("documents", [{"colour": 1}])
    with pytest.raises(ValueError, match="differ in their columns"):
        store.insert("documents", [document(1), {"corpus": "c"}])
    with pytest.raises(ValueError, match="context_quality holds NaN"):
        store.insert("cases", [case("1", context_quality=float("nan"))])
    assert store.query("SELECT 1 FROM documents UNION ALL SELECT 1 FROM cases") == []


def test_a_value_of_the_wrong_type_is_an_error_and_not_a_null(either: Store) -> None:
    with pytest.raises(StoreError, match="cast"):
        either.insert("documents", [document(1, characters="many")])


def test_a_wrong_statement_is_an_error_with_the_databases_words(either: Store) -> None:
    with pytest.raises(StoreError, match="Table with name nosuch does not exist"):
        either.query("SELECT * FROM nosuch")
    with pytest.raises(StoreError, match="syntax error"):
        either.execute("UPDAT x")
    assert either.query("SELECT 1 AS one") == [{"one": 1}]


def test_joins_aggregates_updates_and_deletes_run_on_the_owner(either: Store) -> None:
    either.insert("documents", [document(n) for n in range(10)])
    either.execute("UPDATE documents SET chunks = ? WHERE characters > ?", (7, 4))
    either.execute("DELETE FROM documents WHERE characters = 9")
    rows = either.query(
        "SELECT a.chunks, count(*) AS n FROM documents a JOIN documents b USING (document) GROUP BY 1 ORDER BY 1"
    )
    assert rows == [{"chunks": 1, "n": 5}, {"chunks": 7, "n": 4}]


def test_handles_of_one_process_share_a_connection(home: Path) -> None:
    first, second = open_store(home), open_store(home)
    first.execute("INSERT OR REPLACE INTO preferences VALUES ('a', '1', now()::TIMESTAMP)")
    first.close()
    first.close()
    assert second.query("SELECT value FROM preferences") == [{"value": 1}]
    second.close()
    with pytest.raises(StoreError, match="closed"):
        second.query("SELECT 1")


def test_the_database_has_a_bound_of_its_own_and_not_a_share_of_the_machine(either: Store) -> None:
    assert either.query("SELECT current_setting('memory_limit') AS told") == [{"told": "488.2 MiB"}]


def test_a_read_only_handle_reads_and_refuses_writes(home: Path, store: Store) -> None:
    with open_store(home, read_only=True) as reader:
        assert reader.query("SELECT count(*) AS n FROM runs") == [{"n": 0}]
        with pytest.raises(StoreError, match="for reading only"):
            reader.execute("DELETE FROM runs")
        with pytest.raises(StoreError, match="for reading only"):
            reader.insert("preferences", [])


def test_opening_neither_imports_duckdb_early_nor_pandas_ever(home: Path) -> None:
    code = """
import sys, pathlib
from engine.store import open_store
assert "duckdb" not in sys.modules
with open_store(pathlib.Path(sys.argv[1])) as store:
    store.insert("preferences", [{"name": "a", "value": 1, "updated_at": "2024-01-01"}])
    store.query("SELECT * FROM preferences WHERE name = ?", ["a"])
print(sorted({"pandas", "pyarrow", "numpy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code, str(home)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("content", [b"", b"hello" * 10_000, b"\0" * 20_000])
def test_a_file_that_is_no_store_is_named_with_what_to_do(home: Path, content: bytes) -> None:
    home.mkdir()
    (home / "store.duckdb").write_bytes(content)
    with pytest.raises(StoreError, match="is damaged or was written by another version") as caught:
        open_store(home)
    assert "Copy a backup" in caught.value.hint
    assert (home / "store.duckdb").read_bytes() == content


def test_a_store_with_a_broken_block_is_named(home: Path) -> None:
    with open_store(home) as store:
        store.insert("documents", [document(n) for n in range(5_000)])
    path = home / "store.duckdb"
    content = bytearray(path.read_bytes())
    content[4_096:8_192] = content[8_192:12_288] = b"\xff" * 4_096
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"):
        open_store(home)


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(StoreError, match="cannot be opened for writing") as caught:
        open_store(Path("/proc/phasegate"))
    assert "PHASEGATE_HOME" in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named_and_its_store_can_be_read(home: Path) -> None:
    open_store(home).close()
    (home / "store.duckdb").chmod(0o400)
    home.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="cannot be opened for writing"):
            open_store(home)
        with open_store(home, read_only=True) as store:
            assert store.query("FROM runs") == []
    finally:
        home.chmod(0o700)


def test_a_full_disk_is_its_own_error_and_keeps_what_was_there(home: Path) -> None:
    code = """
import pathlib, resource, sys
from engine.errors import DiskFullError
from engine.store import open_store
with open_store(pathlib.Path(sys.argv[1])) as store:
    row = lambda n: [{"name": f"{n}-{i}", "value": "x" * 500, "updated_at": "2024-01-01"} for i in range(200)]
    store.insert("preferences", row("kept"))
    size = (pathlib.Path(sys.argv[1]) / "store.duckdb").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 400_000, resource.RLIM_INFINITY))
    kept = 1
    try:
        while True:
            store.insert("preferences", row(kept))
            kept += 1
    except DiskFullError as error:
        assert "Free some space" in error.hint
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.insert("preferences", row("after"))
    print(kept + 1)
"""
    done = subprocess.run([sys.executable, "-c", code, str(home)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with open_store(home) as store:
        assert store.query("SELECT count(*) AS n FROM preferences") == [{"n": 200 * int(done.stdout)}]


def test_disk_full_is_told_to_clients_too(home: Path) -> None:
    from engine.store.failures import Failure, classify, error_of

    message = "Invalid Input Error: Failed to commit: Could not write file: No space left on device\n\nLINE 1: from r"
    assert classify(message) is Failure.FULL
    assert isinstance(error_of(message, home / "store.duckdb", Failure.FULL), DiskFullError)
