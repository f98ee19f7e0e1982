"""The store's tables, made and changed by numbered SQL files."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.store.literals import quote
from engine.store.liveness import utc_now

if TYPE_CHECKING:
    import duckdb

FOLDER = Path(__file__).parent / "migrations"
_TABLE = """CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)"""


def list_migrations(folder: Path = FOLDER) -> list[tuple[int, Path]]:
    """The files ``NNN_name.sql`` by number.

    Raises:
        ValueError: two files with one number.
    """
    found = sorted((int(path.name.split("_", 1)[0]), path) for path in folder.glob("[0-9]*_*.sql"))
    numbers = [number for number, _ in found]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"Two migrations in {folder} have one number: {numbers}.")
    return found


def migrate(connection: duckdb.DuckDBPyConnection, path: Path, folder: Path = FOLDER) -> list[int]:
    """Bring the store to the newest schema; each file is applied whole or not at all.

    Returns:
        The numbers that were applied now.

    Raises:
        StoreError: the store was made by a newer version of Phasegate.
    """
    known = list_migrations(folder)
    applied = _applied(connection)
    newest = known[-1][0] if known else 0
    if applied and max(applied) > newest:
        raise StoreError(
            f"The store {path} has schema {max(applied)}, this version of Phasegate knows schema {newest}.",
            "Install the version of Phasegate that wrote it, or set PHASEGATE_HOME to another folder.",
        )
    pending = [(number, file) for number, file in known if number not in applied]
    for number, file in pending:
        _apply(connection, number, file)
    return [number for number, _ in pending]


def _applied(connection: duckdb.DuckDBPyConnection) -> set[int]:
    exists = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'schema_migrations'").fetchall()
    if not exists:
        return set()
    return {number for (number,) in connection.execute("SELECT number FROM schema_migrations").fetchall()}


def _apply(connection: duckdb.DuckDBPyConnection, number: int, file: Path) -> None:
    import duckdb

    values = ", ".join(quote(value) for value in (number, file.stem, utc_now()))
    connection.execute("BEGIN").fetchall()
    try:
        connection.execute(_TABLE).fetchall()
        connection.execute(file.read_text(encoding="utf-8")).fetchall()
        connection.execute(f"INSERT INTO schema_migrations VALUES ({values})").fetchall()
        connection.execute("COMMIT").fetchall()
    except BaseException:
        with suppress(duckdb.TransactionException):  # a COMMIT that fails has rolled back already
            connection.execute("ROLLBACK").fetchall()
        raise
