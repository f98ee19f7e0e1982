"""The rows of an exported run, held against the tables that they go into: nothing else reaches the store."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import FileFormatError
from engine.store import Store

REQUIRED = {
    "runs": (
        "run_id", "suite", "suite_path", "suite_hash", "suite_cases", "target", "settings", "provenance", "status",
        "cases", "started_at", "seconds",
    ),
    "cases": ("case_id", "position", "kind", "status", "question", "tags", "checks", "detail", "ended_at"),
    "scores": ("measure", "status"),
}  # fmt: skip
STATUSES = {
    "runs": ("finished", "interrupted", "failed"),
    "cases": ("passed", "failed", "error", "unscored"),
    "scores": ("scored", "failed", "not_applicable", "unjudged"),
}
OBJECTS = ("settings", "provenance", "options", "memory", "checks", "detail")
_shapes: dict[str, dict[str, str]] = {}


def check_run(store: Store, path: Path, row: Any) -> None:
    """The run of a header.

    Raises:
        FileFormatError: a column that is missing, unknown or of another type.
    """
    _check_row(store, path, 1, "runs", row)


def check_case(store: Store, path: Path, number: int, row: Any) -> None:
    """The case of a line.

    Raises:
        FileFormatError: as for the run.
    """
    _check_row(store, path, number, "cases", row)


def check_scores(store: Store, path: Path, number: int, rows: Any) -> None:
    """The scores of a line; a score without a value is not ``scored``, nor the other way round.

    Raises:
        FileFormatError: as for the run.
    """
    if not isinstance(rows, list):
        raise FileFormatError(path, "expected a list of scores", line=number, field="scores")
    for row in rows:
        _check_row(store, path, number, "scores", row)
        if (row["status"] == "scored") != ("value" in row):
            problem = (
                f"{row['measure'][:60]!r} has the status {row['status']} and {'a' if 'value' in row else 'no'} value"
            )
            raise FileFormatError(path, problem, line=number, field="scores")


def _check_row(store: Store, path: Path, number: int, table: str, row: Any) -> None:
    if not isinstance(row, Mapping):
        raise FileFormatError(path, f"expected a row of {table}, found {type(row).__name__}", line=number)
    types = _load_types(store, table)
    for name in REQUIRED[table]:
        if name not in row:
            raise FileFormatError(path, "it is missing", line=number, field=name)
    for name, value in row.items():
        if name not in types:
            hint = "A newer version wrote the file. Update this one."
            raise FileFormatError(path, "this version does not know it", line=number, field=name, hint=hint)
        fits = isinstance(value, dict) if name in OBJECTS else _CHECKS.get(types[name], _anything)(value)
        if not fits:
            problem = f"expected {'an object' if name in OBJECTS else types[name]}, found {type(value).__name__}"
            raise FileFormatError(path, problem, line=number, field=name)
    if row["status"] not in STATUSES[table]:
        problem = f"expected one of {', '.join(STATUSES[table])}"
        raise FileFormatError(path, problem, line=number, field="status")


def _load_types(store: Store, table: str) -> dict[str, str]:
    """Column types by name; they are the same in every store of this version."""
    if table not in _shapes:
        sql = (
            "SELECT column_name AS name, data_type AS type FROM duckdb_columns() WHERE table_name = ? AND NOT internal"
        )
        _shapes[table] = {row["name"]: row["type"] for row in store.query(sql, (table,))}
    return _shapes[table]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


def _anything(value: Any) -> bool:
    return True


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "VARCHAR": lambda value: isinstance(value, str),
    "INTEGER": _is_whole,
    "DOUBLE": _is_number,
    "BOOLEAN": lambda value: isinstance(value, bool),
    "TIMESTAMP": _is_time,
    "VARCHAR[]": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "DOUBLE[]": lambda value: isinstance(value, list) and all(item is None or _is_number(item) for item in value),
}
