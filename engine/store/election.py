"""Who owns the file. DuckDB's own lock decides; this module only looks and waits."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

import duckdb

from engine.store.backend import Backend
from engine.store.client import Client
from engine.store.failures import Failure, OwnerLostError, classify, error_of, holder_of, locked_error
from engine.store.liveness import is_alive, process_state
from engine.store.migrations import migrate
from engine.store.owner import Owner, open_file, read_address, serve

FILE = "store.duckdb"
PRIVATE = 0o600
GRACE_SECONDS = 5.0
"""How long a process may hold the lock without serving: opening a large journal, or closing."""


def elect(home: Path, deadline: float, *, read_only: bool = False) -> Backend:
    """Become the owner of the store in ``home``, or a client of the one who is.

    Args:
        deadline: ``time.monotonic()`` after which to give up.
        read_only: open a file that must not be written without taking part in ownership.

    Raises:
        StoreLockedError: a program that does not serve the store holds it, or its owner is stopped.
        StoreError: the store cannot be opened at all.
    """
    path = home / FILE
    _make_home(home, path)
    if read_only and path.exists() and not (os.access(path, os.W_OK) and os.access(home, os.W_OK)):
        return _open_unwritable(path)
    held_since: dict[int | None, float] = {}
    pause = 0.005
    while True:
        client = _join(home, path)
        if client:
            return client
        holder, owner = _take(path)
        if owner:
            return owner
        now = time.monotonic()
        since = held_since.setdefault(holder, now)
        state = process_state(holder) if holder else ""
        if state == "T" or now - since > GRACE_SECONDS or now > deadline:
            raise locked_error(path, holder, state)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def _join(home: Path, path: Path) -> Client | None:
    address = read_address(home)
    if address is None or address.pid == os.getpid() or not is_alive(address.pid):
        return None
    if process_state(address.pid) == "T":
        raise locked_error(path, address.pid, "T")
    try:
        return Client(path, address)
    except OwnerLostError:
        return None


def _create(path: Path) -> None:
    """Make the file under another name and link it: nobody ever sees it half made, however many begin at once."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open_file(part) as connection:
            part.chmod(PRIVATE)
            migrate(connection, path)
        with suppress(FileExistsError):
            path.hardlink_to(part)
    except duckdb.Error as error:
        raise error_of(str(error), path, classify(str(error))) from error
    except OSError as error:
        raise error_of(str(error), path, Failure.DENIED) from error
    finally:
        for leftover in (part, part.with_name(part.name + ".wal")):
            leftover.unlink(missing_ok=True)


def _take(path: Path) -> tuple[int | None, Owner | None]:
    """The lock's holder, or the owner that this process has become."""
    if not path.exists():
        _create(path)
    try:
        connection = open_file(path)
    except duckdb.Error as error:
        failure = classify(str(error))
        if failure is not Failure.LOCKED:
            raise error_of(str(error), path, failure) from error
        return holder_of(str(error)), None
    try:
        _close_to_others(path)
        migrate(connection, path)
        return None, serve(connection, path)
    except duckdb.Error as error:
        connection.close()
        raise error_of(str(error), path, classify(str(error))) from error
    except BaseException:
        connection.close()
        raise


def _close_to_others(path: Path) -> None:
    """A store that an earlier version left readable; one that belongs to somebody else stays as it is."""
    for file in (path, path.with_name(path.name + ".wal")):
        with suppress(OSError):
            if file.stat().st_mode & 0o077:
                file.chmod(PRIVATE)


def _open_unwritable(path: Path) -> Owner:
    try:
        return Owner(open_file(path, read_only=True), path, None)
    except duckdb.Error as error:
        raise error_of(str(error), path, classify(str(error))) from error


def _make_home(home: Path, path: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(home, os.W_OK) or path.exists()
    except OSError as error:
        raise error_of(str(error), path, Failure.DENIED) from error
    if not writable:
        raise error_of(f"{home} is read-only", path, Failure.DENIED)
