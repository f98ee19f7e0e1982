"""Versions of suites: which text a suite's folder held, who saved it and when."""

from __future__ import annotations

from typing import Any

from engine.store.liveness import utc_now
from engine.store.store import Store


class SuiteVersionStore:
    """Rows of the table ``suite_versions``; the texts themselves are files."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record_version(self, path: str, hash_: str, *, suite: str, cases: int, note: str, saved_by: str) -> None:
        """Keep that a suite's folder held this text; saved again later, it is that day's version."""
        row = {
            "suite_path": path,
            "hash": hash_,
            "suite": suite,
            "cases": cases,
            "note": note,
            "saved_by": saved_by,
            "saved_at": utc_now(),
        }
        self._store.insert("suite_versions", [row])

    def list_versions(self, path: str) -> list[dict[str, Any]]:
        """The versions of a folder, newest first."""
        return self._store.query("SELECT * FROM suite_versions WHERE suite_path = ? ORDER BY saved_at DESC", (path,))
