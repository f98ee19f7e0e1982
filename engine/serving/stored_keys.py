"""Which answers the store holds, as of a moment ago: most questions are new, and need not ask it."""

from __future__ import annotations

import threading
import time

from engine.errors import PhasegateError
from engine.store.answer_cache import AnswerCacheStore

LOOK_AGAIN_S = 2.0
"""What another process has stored is found after so many seconds at most."""


class StoredKeys:
    """The families of the store's answers, read anew when they are asked for and too old. Safe to use from several threads.

    A statement takes a millisecond or two where nothing ran just before it; a set takes a microsecond. It holds hashes,
    which take a fifth of the texts' memory: two that are alike only let the store be asked for nothing.
    """

    def __init__(self, rows: AnswerCacheStore) -> None:
        self._rows = rows
        self._lock = threading.Lock()
        self._families: set[int] = set()
        # Two generations of what this process has added: a row may wait to be written while the store is read.
        self._added: set[int] = set()
        self._added_before: set[int] = set()
        self._read_at = float("-inf")
        self.failure = ""
        """Why the store could not be read last; empty when it could."""

    @property
    def fresh(self) -> bool:
        """Whether the store was read a moment ago."""
        return time.monotonic() - self._read_at < LOOK_AGAIN_S

    def may_hold(self, key: str) -> bool:
        """False when the store has no answer under ``key``; True as well when it has one of other versions, and when nobody
        has looked lately."""
        return not self.fresh or _hash_family(key) in self._families

    def has_family(self, family: str) -> bool:
        """Whether any answer of a family is there, whatever its versions; the store is read first when that is long ago."""
        self.look_again()
        return _hash_family(family) in self._families

    def add(self, key: str) -> None:
        """This process is about to store an answer."""
        with self._lock:
            for known in (self._added, self._families):
                known.add(_hash_family(key))

    def look_again(self) -> None:
        """Read the keys of the store, unless that was done a moment ago. Not for the thread of an event loop."""
        if self.fresh:
            return
        began = time.monotonic()
        try:
            stored = self._rows.load_families()
        except PhasegateError as error:
            self.failure = error.message
            return
        self.failure = ""
        with self._lock:
            self._families = {*map(_hash_family, stored), *self._added, *self._added_before}
            self._added_before, self._added = self._added, set()
            self._read_at = began


def _hash_family(key: str) -> int:
    return hash(key.partition(".")[0])
