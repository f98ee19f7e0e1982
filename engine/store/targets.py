"""Targets that people have set up, by name. A configuration holds environment variables by name, never by value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import UnknownNameError
from engine.store.audit_trail import AuditTrail
from engine.store.liveness import utc_now
from engine.store.store import Store


class TargetStore:
    """Saved targets. A write is durable when it returns, and leaves an entry in the audit trail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_targets(self) -> list[dict[str, Any]]:
        """name, kind, config, updated_by and updated_at of each, by name."""
        return self._store.query("SELECT * FROM targets ORDER BY lower(name), name")

    def load_configs(self) -> dict[str, dict[str, Any]]:
        """Configurations by name, for ``resolve_target``."""
        return {row["name"]: row["config"] for row in self.list_targets()}

    def load_target(self, name: str) -> dict[str, Any]:
        """One target's row.

        Raises:
            UnknownNameError: no such target.
        """
        rows = self._store.query("SELECT * FROM targets WHERE name = ?", (name,))
        if not rows:
            raise UnknownNameError(
                "target", name, self.load_configs(), "Set one up: python -m engine targets --add FILE"
            )
        return rows[0]

    def save_target(self, name: str, config: Mapping[str, Any], who: str) -> bool:
        """Keep a configuration that has been checked (``build_spec``), in place of an earlier one of that name.

        Returns:
            whether there was an earlier one.
        """
        before = self.load_configs().get(name)
        row = {"name": name, "kind": config["kind"], "config": dict(config), "updated_by": who, "updated_at": utc_now()}
        self._store.insert("targets", [row])
        action = "target changed" if before else "target added"
        AuditTrail(self._store).record_entry(who, action, f"target/{name}", before=before, after=dict(config))
        return before is not None

    def delete_target(self, name: str, who: str) -> None:
        """Forget a target; its runs stay.

        Raises:
            UnknownNameError: no such target.
        """
        before = self.load_target(name)["config"]
        self._store.execute("DELETE FROM targets WHERE name = ?", (name,))
        AuditTrail(self._store).record_entry(who, "target removed", f"target/{name}", before=before)
