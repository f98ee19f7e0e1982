"""What broke and what was done about it."""

from __future__ import annotations

import secrets
from typing import Any

from engine.store.liveness import utc_now
from engine.store.store import Store


def build_recovery(
    *, component: str, subject: str, action: str, outcome: str, reason: str, ms: float
) -> dict[str, Any]:
    """The row of a recovery that happened now."""
    now = utc_now()
    return {
        "recovery_id": f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}",
        "happened_at": now,
        "component": component,
        "subject": subject,
        "action": action,
        "outcome": outcome,
        "reason": reason,
        "ms": ms,
    }


class RecoveryStore:
    """Writes and reads the table ``recoveries``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_recovery(
        self, *, component: str, subject: str, action: str, outcome: str, reason: str, ms: float
    ) -> dict[str, Any]:
        """Keep a recovery; the row."""
        row = build_recovery(component=component, subject=subject, action=action, outcome=outcome, reason=reason, ms=ms)
        self._store.insert("recoveries", [row], replace=False)
        return row

    def list_recoveries(self, limit: int = 50) -> list[dict[str, Any]]:
        """Recoveries, newest first."""
        return self._store.query("SELECT * FROM recoveries ORDER BY recovery_id DESC LIMIT ?", (limit,))
