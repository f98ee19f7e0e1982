from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from engine.errors import StoreError
from engine.store import open_store
from engine.store.migrations import FOLDER, list_migrations, migrate


def test_migrations_are_applied_once_in_order(tmp_path: Path) -> None:
    (tmp_path / "001_first.sql").write_text("CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1);")
    (tmp_path / "002_second.sql").write_text("ALTER TABLE a ADD COLUMN m INTEGER DEFAULT 5;")
    with duckdb.connect() as connection:
        assert migrate(connection, tmp_path, tmp_path) == [1, 2]
        assert migrate(connection, tmp_path, tmp_path) == []
        assert connection.execute("FROM a").fetchall() == [(1, 5)]
        (tmp_path / "010_later.sql").write_text("DROP TABLE a;")
        assert migrate(connection, tmp_path, tmp_path) == [10]
        assert connection.execute("SELECT number, name FROM schema_migrations ORDER BY 1").fetchall() == [
            (1, "001_first"),
            (2, "002_second"),
            (10, "010_later"),
        ]


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "001_good.sql").write_text("CREATE TABLE a (n INTEGER);")
    (tmp_path / "002_bad.sql").write_text("CREATE TABLE b (n INTEGER); INSERT INTO nosuch VALUES (1);")
    with duckdb.connect() as connection:
        with pytest.raises(duckdb.CatalogException, match="nosuch"):
            migrate(connection, tmp_path, tmp_path)
        assert connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall() == [
            ("a",),
            ("schema_migrations",),
        ]


def test_two_migrations_of_one_number_are_refused(tmp_path: Path) -> None:
    (tmp_path / "001_a.sql").write_text("")
    (tmp_path / "001_b.sql").write_text("")
    with pytest.raises(ValueError, match="one number"):
        list_migrations(tmp_path)


def test_a_store_of_a_newer_version_is_refused_and_left_alone(home: Path) -> None:
    newest = list_migrations()[-1][0]
    with open_store(home) as store:
        store.execute("INSERT INTO schema_migrations VALUES (?, 'future', now()::TIMESTAMP)", (newest + 1,))
    with pytest.raises(StoreError, match=f"has schema {newest + 1}, this version of Phasegate knows schema {newest}"):
        open_store(home)


def test_the_shipped_migrations_count_from_one_without_gaps() -> None:
    assert [number for number, _ in list_migrations(FOLDER)] == list(range(1, len(list_migrations(FOLDER)) + 1))
