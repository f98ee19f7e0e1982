"""The one door to the store: a handle that runs statements and outlives the owner of the file."""

from __future__ import annotations

import atexit
import os
import random
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from engine.errors import StoreError, StoreLockedError
from engine.settings import home as default_home
from engine.store.inserts import TableShape, build_inserts, shape_query
from engine.store.literals import render_statement

if TYPE_CHECKING:
    from engine.store.backend import Backend, Rows

RETRY_SECONDS = 30.0

_shared: dict[tuple[int, Path], _Shared] = {}
_shared_lock = threading.Lock()


def open_store(home: Path | None = None, *, read_only: bool = False) -> Store:
    """Open the store of a home folder, made on first use. Handles of one process share one connection.

    Args:
        home: the folder of all state, by default ``engine.settings.home()``.
        read_only: refuse writes through this handle; opens a store in a folder that may not be written, too.

    Raises:
        StoreLockedError: a program that does not serve the store holds it.
        StoreError: it cannot be opened; the message says why.
    """
    folder = (home or default_home()).resolve()
    key = (os.getpid(), folder)
    with _shared_lock:
        shared = _shared.get(key)
        if shared is None:
            shared = _shared[key] = _Shared(key)
        shared.users += 1
    store = Store(shared, read_only=read_only)
    try:
        shared.backend(time.monotonic() + RETRY_SECONDS, read_only=read_only)
    except BaseException:
        store.close()
        raise
    return store


class Store:
    """Statements on the store, from any thread. A context manager.

    A statement may be repeated when the owner of the file goes away while it runs, so a write must be one that can
    be: an upsert, an update to fixed values, a delete. JSON columns are read and written as Python objects, times are
    UTC without a zone.
    """

    def __init__(self, shared: _Shared, *, read_only: bool) -> None:
        self._shared = shared
        self._read_only = read_only
        self._open = True

    @property
    def role(self) -> str:
        """``owner`` while this process holds the file, else ``client``."""
        return self._connected().backend(time.monotonic() + RETRY_SECONDS).role

    @property
    def home(self) -> Path:
        """The folder that the store is in."""
        return self._shared.home

    @property
    def reopened(self) -> int:
        """How often this process lost its connection and got another one: the owner ended, or its file was closed."""
        return max(0, self._shared.elections - 1)

    def query(self, sql: str, params: Sequence[Any] = ()) -> Rows:
        """The rows of one SELECT as dicts, ``?`` bound to ``params`` in order."""
        return self._connected().read(render_statement(sql, params))

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Run one write that may safely be repeated; durable when this returns."""
        self._writable().write(render_statement(sql, params))

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]], *, replace: bool = True) -> None:
        """Insert rows, all with the same columns; a missing column gets its default.

        A row whose key is there already replaces it, or is dropped with ``replace=False``. Some ten thousand rows are
        one statement; more are several, each durable by itself.

        Raises:
            ValueError: no such table or column, rows of unlike columns, NaN or infinity in a value.
        """
        shared = self._writable()
        if rows:
            for statement in build_inserts(table, shared.shape(table), rows, replace=replace):
                shared.write(statement)

    def close(self) -> None:
        """Let go. The last handle of a process closes the connection; another process may then become the owner."""
        if self._open:
            self._open = False
            self._shared.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> _Shared:
        if not self._open:
            raise StoreError("This store has been closed.", "Open it again with open_store().")
        return self._shared

    def _writable(self) -> _Shared:
        if self._read_only:
            raise StoreError("This store was opened for reading only.", "Open it without read_only=True.")
        return self._connected()


class _Shared:
    """A process's connection to one home's store, and the repeating of statements."""

    def __init__(self, key: tuple[int, Path]) -> None:
        self.home = key[1]
        self.users = 0
        self.elections = 0
        self._key = key
        self._electing = threading.RLock()
        self._backend: Backend | None = None
        self._shapes: dict[str, TableShape] = {}
        atexit.register(self._disconnect)

    def backend(self, deadline: float, *, read_only: bool = False) -> Backend:
        """The connection; elected when there is none."""
        backend = self._backend
        if backend is not None:
            return backend
        from engine.store.election import elect

        with self._electing:
            if self._backend is None:
                self._backend = elect(self.home, deadline, read_only=read_only)
                self.elections += 1
            return self._backend

    def read(self, sql: str) -> Rows:
        return self._run(sql, write=False)

    def write(self, sql: str) -> None:
        self._run(sql, write=True)

    def shape(self, table: str) -> TableShape:
        """Columns and key of a table; they do not change while a process runs."""
        shape = self._shapes.get(table)
        if shape is None:
            shape = TableShape.from_rows(table, self.read(shape_query(table)))
            self._shapes[table] = shape
        return shape

    def release(self) -> None:
        """One handle less; the last one disconnects."""
        with _shared_lock:
            self.users -= 1
            last = self.users == 0
            if last:
                _shared.pop(self._key, None)
        if last:
            atexit.unregister(self._disconnect)
            self._disconnect()

    def _run(self, sql: str, *, write: bool) -> Rows:
        from engine.store.failures import OwnerLostError, WriteConflictError

        deadline = time.monotonic() + RETRY_SECONDS
        pause = 0.002
        while True:
            backend = self.backend(deadline)
            try:
                if not write:
                    return backend.read(sql)
                backend.write(sql)
                return []
            except OwnerLostError as error:
                self._drop(backend)
                reason: Exception = error
            except WriteConflictError as error:
                reason = error
            except RuntimeError as error:
                if isinstance(error.__cause__, KeyboardInterrupt):  # what DuckDB makes of a Ctrl-C in a statement
                    raise KeyboardInterrupt from error
                raise
            if time.monotonic() > deadline:
                raise StoreLockedError(
                    f"The store did not take a statement within {RETRY_SECONDS:.0f} s: {reason}",
                    "Run python -m engine doctor; it says who owns the store.",
                ) from reason
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, 0.1)

    def _drop(self, backend: Backend) -> None:
        with self._electing:
            if self._backend is backend:
                self._backend = None
                backend.close()

    def _disconnect(self) -> None:
        with self._electing:
            backend, self._backend = self._backend, None
            if backend is not None and self._key[0] == os.getpid():
                backend.close()
