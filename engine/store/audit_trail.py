"""The audit trail: who changed what that decisions rest on, when and why. Entries are added, never changed."""

from __future__ import annotations

import secrets
from typing import Any

from engine.store.liveness import utc_now
from engine.store.store import Store


class AuditTrail:
    """Entries about roadmaps, phases, suites; newest first when read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record_entry(
        self, who: str, action: str, subject: str, *, before: Any = None, after: Any = None, reason: str = ""
    ) -> str:
        """Add an entry; its id, which sorts by time.

        Args:
            action: what was done, in words: ``goal changed``, ``phase signed``.
            subject: what it was done to: ``narrative-agent/2``, a suite's folder.
            before, after: JSON values.
        """
        now = utc_now()
        entry_id = f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
        row = {
            "entry_id": entry_id,
            "happened_at": now,
            "who": who,
            "action": action,
            "subject": subject,
            "before": before,
            "after": after,
            "reason": reason,
        }
        self._store.insert("audit_trail", [row])
        return entry_id

    def list_entries(self, subject: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """Entries about ``subject`` and what lies under it (``subject/...``); all without one."""
        return self._store.query(
            "SELECT * FROM audit_trail WHERE ? = '' OR subject = ? OR starts_with(subject, ?)"
            " ORDER BY entry_id DESC LIMIT ?",
            (subject, subject, f"{subject}/", limit),
        )

    def search_entries(self, words: str = "", limit: int = 50, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Entries in which who, action, subject or reason holds ``words``, whatever their case; and how many there are."""
        condition = "contains(lower(concat_ws(' ', who, action, subject, reason)), lower(?))"
        rows = self._store.query(
            f"SELECT * FROM audit_trail WHERE {condition} ORDER BY entry_id DESC LIMIT ? OFFSET ?",
            (words.strip(), limit, offset),
        )
        counted = self._store.query(f"SELECT count(*) AS n FROM audit_trail WHERE {condition}", (words.strip(),))
        return rows, int(counted[0]["n"])
