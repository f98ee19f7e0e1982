"""Configuration audits as they were recorded, newest first."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from engine.store.liveness import utc_now
from engine.store.store import Store

KEPT = timedelta(days=365)


class _Reads(Protocol):
    def query(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]: ...


def record_config_audit(store: Store, audit: Mapping[str, Any]) -> str:
    """Keep what ``ConfigAudit.as_json`` gives; its id. Audits older than a year are forgotten."""
    now = utc_now()
    audit_id = f"audit-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    row = {
        "audit_id": audit_id,
        "audited_at": now,
        "path": audit["path"],
        "version": audit["version"],
        "passed": audit["passed"],
        "findings": audit["findings"],
    }
    store.insert("config_audits", [row])
    store.execute("DELETE FROM config_audits WHERE audited_at < ?", (now - KEPT,))
    return audit_id


class ConfigAuditStore:
    """Reads the table ``config_audits``."""

    def __init__(self, store: _Reads) -> None:
        self._store = store

    def find_newest(self, *, path: str = "", other_than: str = "") -> dict[str, Any] | None:
        """The newest audit of a tree, or of any tree but one."""
        rows = self._store.query(
            "SELECT * FROM config_audits WHERE (? = '' OR path = ?) AND (? = '' OR path <> ?)"
            " ORDER BY audited_at DESC LIMIT 1",
            (path, path, other_than, other_than),
        )
        return rows[0] if rows else None
