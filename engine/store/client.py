"""A process that works on the file through its owner.

Every statement runs on the owner as it is (``FROM owner.query('...')``): joins, aggregations, updates and upserts move
no table. One attachment is one session of the owner and does one statement at a time, so a few are kept in a pool.
"""

from __future__ import annotations

import itertools
import queue
import socket
import threading
from contextlib import suppress
from pathlib import Path

import duckdb

from engine.store.backend import Rows, rows_of
from engine.store.extensions import CONFIG, load_extensions
from engine.store.failures import Failure, OwnerLostError, WriteConflictError, classify, error_of
from engine.store.literals import quote_text
from engine.store.owner import OwnerAddress, attach_statement

SESSIONS = 4
_ANSWERS_WITHIN = 10.0


class Client:
    """Work through the owner at one address, from any thread."""

    role = "client"

    def __init__(self, path: Path, address: OwnerAddress) -> None:
        """Attach to the owner.

        Raises:
            OwnerLostError: nobody answers there, or not to this token.
        """
        self.address = address
        self._path = path
        _probe(address.port)
        self._connection = duckdb.connect(":memory:", config=CONFIG)
        load_extensions(self._connection)
        self._idle: queue.LifoQueue[str] = queue.LifoQueue()
        self._growing = threading.Lock()
        self._sessions = 0
        self._names = itertools.count()
        try:
            self._idle.put(self._attach())
        except OwnerLostError:
            self.close()
            raise

    def read(self, sql: str) -> Rows:
        return self._run(sql)

    def write(self, sql: str) -> None:
        self._run(sql)

    def close(self) -> None:
        """End the sessions; the owner goes on."""
        with suppress(duckdb.Error):
            self._connection.close()

    def _run(self, sql: str) -> Rows:
        session = self._take_session()
        usable = False
        try:
            with self._connection.cursor() as cursor:
                values = cursor.execute(f"FROM {session}.query({quote_text(sql)})").fetchall()
                rows = rows_of(cursor.description, values)
            usable = True
            return rows
        except duckdb.Error as error:
            usable = True
            raise self._translate(error, sql) from error
        finally:
            if usable:
                self._idle.put(session)
            else:  # interrupted by a signal: the session may still be busy on the owner
                self._forget(session)

    def _take_session(self) -> str:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        with self._growing:
            if self._sessions < SESSIONS:
                return self._attach()
        return self._idle.get()

    def _attach(self) -> str:
        name = f"owner{next(self._names)}"
        try:
            self._connection.execute(attach_statement(self.address, name)).fetchall()
        except duckdb.Error as error:
            raise OwnerLostError(str(error)) from error
        self._sessions += 1
        return name

    def _forget(self, session: str) -> None:
        with self._growing:
            self._sessions -= 1
        with suppress(duckdb.Error), self._connection.cursor() as cursor:
            cursor.execute(f"DETACH {session}").fetchall()

    def _translate(self, error: duckdb.Error, sql: str) -> Exception:
        failure = classify(str(error), sql)
        if failure in (Failure.LOST, Failure.LOCKED):
            return OwnerLostError(str(error))
        if failure is Failure.CONFLICT:
            return WriteConflictError(str(error))
        return error_of(str(error), self._path, failure)


def _probe(port: int) -> None:
    """Make sure that something answers HTTP there: a stopped process accepts connections and then says nothing."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_ANSWERS_WITHIN) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            if not connection.recv(16).startswith(b"HTTP/"):
                raise OwnerLostError(f"Port {port} does not speak HTTP.")
    except OSError as error:
        raise OwnerLostError(f"Nobody answers on port {port}: {error}") from error
