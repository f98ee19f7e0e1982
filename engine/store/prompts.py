"""Saved versions of prompt templates. None is ever changed: saving makes the next version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.store.audit_trail import AuditTrail
from engine.store.liveness import utc_now
from engine.store.store import Store

# The newest version is compared, so that a statement that is repeated, or a text saved twice, makes one version.
_SAVE = """
    INSERT INTO prompts (name, version, body, hash, note, made_by, made_at)
    SELECT ?, greatest(coalesce(max(version), 0), ?) + 1, ?::JSON, ?, ?, ?, ?
    FROM prompts WHERE name = ? HAVING coalesce(arg_max(hash, version), ?) <> ?"""


class PromptStore:
    """Saved versions. A write is durable when it returns, and leaves an entry in the audit trail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_prompts(self) -> list[dict[str, Any]]:
        """name, version, body, hash, note, made_by and made_at of every version, by name, newest first."""
        return self._store.query("SELECT * FROM prompts ORDER BY name, version DESC")

    def save_prompt(
        self, name: str, body: Mapping[str, str], hash: str, note: str, who: str, *, shipped: tuple[int, str] = (0, "")
    ) -> int:
        """Keep a checked template as the next version of its name; the newest version when it is the same text.

        Args:
            body: purpose, system and user.
            shipped: version and hash of the shipped template of this name; versions begin behind it.

        Returns:
            the version that holds the text now.
        """
        version, known = shipped
        text = json.dumps(dict(body), ensure_ascii=False)
        before = self._newest(name)
        self._store.execute(_SAVE, (name, version, text, hash, note, who, utc_now(), name, known, hash))
        newest = self._newest(name)
        if newest > before:
            AuditTrail(self._store).record_entry(
                who, "prompt saved", f"prompt/{name}@{newest}", before=None, after={"hash": hash, "note": note}
            )
        return max(newest, version)

    def _newest(self, name: str) -> int:
        rows = self._store.query("SELECT max(version) AS version FROM prompts WHERE name = ?", (name,))
        return int(rows[0]["version"] or 0)
