"""What owner and client have in common."""

from __future__ import annotations

import json
from typing import Any, Protocol

Rows = list[dict[str, Any]]


class Backend(Protocol):
    """One way to reach the file. Both methods take a whole statement as text, from any thread.

    Raises:
        OwnerLostError: nothing is known of the statement's fate; elect again and repeat.
        WriteConflictError: the statement had no effect; repeat.
        StoreError, DiskFullError: for good.
    """

    role: str

    def read(self, sql: str) -> Rows:
        """The rows of a SELECT."""

    def write(self, sql: str) -> None:
        """Run a statement; durable when it returns."""

    def close(self) -> None:
        """Let go of the file or the connection; another process may become the owner."""


def rows_of(description: list[tuple[Any, ...]] | None, values: list[tuple[Any, ...]]) -> Rows:
    """Rows as dicts; columns of type JSON as Python objects."""
    columns = description or []
    names = [column[0] for column in columns]
    as_json = [column[0] for column in columns if str(column[1]) == "JSON"]
    rows = [dict(zip(names, row, strict=True)) for row in values]
    for row in rows:
        for name in as_json:
            if row[name] is not None:
                row[name] = json.loads(row[name])
    return rows
