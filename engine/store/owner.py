"""The process that holds the file, works on it directly and serves it to the others."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from engine.errors import StoreError
from engine.store.backend import Rows, rows_of
from engine.store.extensions import CONFIG, load_extensions
from engine.store.failures import Failure, OwnerLostError, WriteConflictError, classify, error_of
from engine.store.literals import quote_text

OWNER_FILE = "store.owner.json"
_PORTS_TRIED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerAddress:
    """Where the owner listens. ``token`` is the only thing that keeps other people of the machine out."""

    port: int
    token: str
    pid: int


class Owner:
    """Direct work on the file: reads on cursors of their own, writes one at a time."""

    role = "owner"

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, address: OwnerAddress | None) -> None:
        self._connection = connection
        self._path = path
        self._address = address
        self._writing = threading.Lock()

    def read(self, sql: str) -> Rows:
        try:
            with self._connection.cursor() as cursor:
                values = cursor.execute(sql).fetchall()
                return rows_of(cursor.description, values)
        except duckdb.Error as error:
            raise self._translate(error, sql) from error

    def write(self, sql: str) -> None:
        with self._writing:
            try:
                self._connection.execute(sql).fetchall()
            except duckdb.Error as error:
                raise self._translate(error, sql) from error

    def close(self) -> None:
        """Stop serving, checkpoint, and release the file's lock."""
        with self._writing:
            if self._address:
                remove_address(self._path.parent, self._address)
                with suppress(duckdb.Error):
                    self._connection.execute(f"CALL quack_stop('{_uri(self._address.port)}')").fetchall()
            with suppress(duckdb.Error):
                self._connection.close()

    def _translate(self, error: duckdb.Error, sql: str) -> Exception:
        failure = classify(str(error), sql)
        if isinstance(error, duckdb.FatalException) or failure is Failure.LOST:
            return OwnerLostError(str(error))
        if failure is Failure.CONFLICT:
            return WriteConflictError(str(error))
        return error_of(str(error), self._path, failure)


def serve(connection: duckdb.DuckDBPyConnection, path: Path) -> Owner:
    """Serve an open and migrated store on a free port of the loopback interface, and say so in the owner file.

    Raises:
        StoreError: no port could be had.
    """
    load_extensions(connection)
    for attempt in range(_PORTS_TRIED):
        address = OwnerAddress(port=_free_port(), token=secrets.token_urlsafe(32), pid=os.getpid())
        try:
            connection.execute(f"CALL quack_serve('{_uri(address.port)}', token = '{address.token}')").fetchall()
            break
        except duckdb.Error as error:
            if attempt == _PORTS_TRIED - 1:
                raise StoreError(
                    f"The store {path} could not be served on 127.0.0.1: {error}",
                    "Check that programs may listen on the loopback interface of this machine.",
                ) from error
    write_address(path.parent, address)
    return Owner(connection, path, address)


def open_file(path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the file and take its lock; DuckDB's own error when that fails."""
    connection = duckdb.connect(str(path), read_only=read_only, config=CONFIG)
    connection.execute("SET GLOBAL TimeZone = 'UTC'").fetchall()
    return connection


def attach_statement(address: OwnerAddress, name: str) -> str:
    """The statement by which a client reaches the owner."""
    return f"ATTACH '{_uri(address.port)}' AS {name} (TOKEN {quote_text(address.token)})"


def write_address(home: Path, address: OwnerAddress) -> None:
    """Write the owner file whole, readable by this user alone."""
    part = home / f".{OWNER_FILE}.{address.pid}.{secrets.token_hex(4)}"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"port": address.port, "token": address.token, "pid": address.pid}, file)
    part.replace(home / OWNER_FILE)


def read_address(home: Path) -> OwnerAddress | None:
    """What the owner file says; None when there is none, or none that can be read."""
    try:
        entry = json.loads((home / OWNER_FILE).read_text(encoding="utf-8"))
        return OwnerAddress(port=int(entry["port"]), token=str(entry["token"]), pid=int(entry["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_address(home: Path, address: OwnerAddress) -> None:
    """Remove the owner file if it is still this owner's."""
    if read_address(home) == address:
        (home / OWNER_FILE).unlink(missing_ok=True)


def _uri(port: int) -> str:
    return f"quack:127.0.0.1:{port}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
