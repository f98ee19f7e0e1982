"""What a DuckDB error means for the caller. One table, by the message: over Quack every class is the same."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

from engine.errors import DiskFullError, StoreError, StoreLockedError


class OwnerLostError(Exception):
    """The connection to the file is gone; another election is due. Never leaves this package."""


class WriteConflictError(Exception):
    """Another write touched the same row at the same time; the statement had no effect. Never leaves this package."""


class StatementError(StoreError):
    """The statement or its values are at fault; repeating it does not help."""


class Failure(Enum):
    """What to do about an error."""

    LOST = "elect again and repeat"
    CONFLICT = "repeat"
    LOCKED = "another process holds the file"
    FULL = "no space left"
    DAMAGED = "the file is damaged"
    DENIED = "no permission"
    OTHER = "the statement is at fault"


_WORDS: tuple[tuple[Failure, str], ...] = (
    (Failure.FULL, r"No space left|File too large|Disk quota exceeded|[Oo]ut of disk|failed to offload data block"),
    (Failure.LOCKED, r"Could not set lock on file"),
    (
        Failure.DAMAGED,
        r"not a valid DuckDB database file|Corrupt|checksum|Could not read enough bytes|replaying WAL"
        r"|database file with version number|Failed to load metadata",
    ),
    (Failure.DENIED, r"Permission denied|Read-only file system|Cannot open file|read-only mode"),
    (
        Failure.LOST,
        r"Failed to send message|Could not connect to server|Invalid connection id|Authentication failed"
        r"|[Cc]onnection (has )?already (been )?closed|has been invalidated|Connection Error|database .*not found",
    ),
    (
        Failure.CONFLICT,
        r"Conflict on (update|delete|tuple)|write-write conflict|Failed to commit: PRIMARY KEY"
        r"|Failed to commit: .*conflict",
    ),
)
_DUPLICATE = re.compile(r"Duplicate key .* violates (primary key|unique) constraint")
_UPSERT = re.compile(r"^\s*INSERT\s+OR\s+(REPLACE|IGNORE)\b|\bON\s+CONFLICT\b", re.IGNORECASE)


def classify(message: str, statement: str = "") -> Failure:
    """The failure that a message of DuckDB tells of.

    Two upserts of one new key at the same time make one of them fail with a duplicate; it only has to be repeated.
    """
    first = message.split("\n\nLINE ", 1)[0]
    for failure, words in _WORDS:
        if re.search(words, first):
            return failure
    if _DUPLICATE.search(first) and _UPSERT.search(statement[:2_000] + statement[-2_000:]):
        return Failure.CONFLICT
    return Failure.OTHER


def error_of(message: str, path: Path, failure: Failure) -> StoreError | DiskFullError:
    """The error that the caller gets to see."""
    reason = message.split("\n\nLINE ", 1)[0].strip()
    if failure is Failure.FULL:
        return DiskFullError(
            f"No space is left for the store in {path.parent}: {reason}",
            "Free some space and repeat. Everything that was recorded before is still there.",
        )
    if failure is Failure.DAMAGED:
        return StoreError(
            f"The store {path} is damaged or was written by another version of DuckDB: {reason}",
            f"Copy a backup of the file back, or move {path.name} and {path.name}.wal away to begin anew.",
        )
    if failure is Failure.DENIED:
        return StoreError(
            f"The store {path} cannot be opened for writing: {reason}",
            "Give yourself write permission on the folder, or set PHASEGATE_HOME to a folder that you may write to.",
        )
    return StatementError(f"The store could not carry out a statement: {reason}")


def holder_of(message: str) -> int | None:
    """The process that holds the lock, as DuckDB's message tells it."""
    found = re.search(r"\(PID (\d+)\)", message)
    return int(found.group(1)) if found else None


def locked_error(path: Path, pid: int | None, state: str) -> StoreLockedError:
    """The file is held by a process that does not serve it."""
    who = f"process {pid}" if pid else "another process"
    if state == "T":
        return StoreLockedError(
            f"The store {path} is owned by {who}, which is stopped and cannot answer.",
            f"Continue it (fg in its terminal, or kill -CONT {pid}), or end it with kill {pid}.",
        )
    return StoreLockedError(
        f"The store {path} is held by {who}, which does not serve it to others.",
        "Close the program that has the file open, a DuckDB shell for instance."
        + (f" (kill {pid} ends it.)" if pid else ""),
    )
