"""Rows to INSERT statements. The rows travel as one JSON text, which DuckDB turns into a table on the owner's side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.store.literals import encode_json, quote_name, quote_text

STATEMENT_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """Column types by name, and whether a key makes rows unique."""

    types: Mapping[str, str]
    has_key: bool

    @classmethod
    def from_rows(cls, table: str, rows: Sequence[Mapping[str, Any]]) -> TableShape:
        """From the result of :func:`shape_query`.

        Raises:
            ValueError: there is no such table.
        """
        if not rows:
            raise ValueError(f"The store has no table {table!r}.")
        return cls(types={row["name"]: row["type"] for row in rows}, has_key=bool(rows[0]["has_key"]))


def shape_query(table: str) -> str:
    """The SELECT that tells a table's shape."""
    name = quote_text(table)
    return f"""
        SELECT column_name AS name, data_type AS type,
               EXISTS (SELECT 1 FROM duckdb_constraints()
                       WHERE table_name = {name} AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')) AS has_key
        FROM duckdb_columns() WHERE table_name = {name} AND NOT internal ORDER BY column_index"""


def build_inserts(table: str, shape: TableShape, rows: Sequence[Mapping[str, Any]], *, replace: bool) -> Iterator[str]:
    """Statements that insert the rows, each of about ``STATEMENT_CHARACTERS`` at most.

    Raises:
        ValueError: an unknown column, rows of unlike columns, NaN or infinity.
    """
    columns = list(rows[0])
    unknown = [name for name in columns if name not in shape.types]
    if unknown:
        raise ValueError(f"The table {table} has no column {unknown[0]!r}. It has: {', '.join(shape.types)}.")
    part: list[str] = []
    size = 0
    for row in rows:
        text = _encode_row(table, columns, row)
        if part and size + len(text) > STATEMENT_CHARACTERS:
            yield _statement(table, shape, columns, part, replace=replace)
            part, size = [], 0
        part.append(text)
        size += len(text)
    yield _statement(table, shape, columns, part, replace=replace)


def _encode_row(table: str, columns: list[str], row: Mapping[str, Any]) -> str:
    if row.keys() != set(columns):
        raise ValueError(f"The rows for {table} differ in their columns: {columns} and {list(row)}.")
    try:
        return encode_json(dict(row))
    except ValueError as error:
        raise ValueError(
            f"{table}: {_bad_column(row)} holds NaN or infinity; use None where there is no value."
        ) from error


def _bad_column(row: Mapping[str, Any]) -> str:
    for name, value in row.items():
        try:
            encode_json(value)
        except ValueError:
            return f"the column {name}"
    return "a value"


def _statement(table: str, shape: TableShape, columns: list[str], texts: list[str], *, replace: bool) -> str:
    types = json.dumps([{name: shape.types[name] for name in columns}])
    action = "INSERT" if not shape.has_key else "INSERT OR REPLACE" if replace else "INSERT OR IGNORE"
    source = f"from_json_strict({quote_text('[' + ','.join(texts) + ']')}, {quote_text(types)})"
    return f"{action} INTO {quote_name(table)} BY NAME SELECT r.* FROM (SELECT unnest({source}) AS r)"
