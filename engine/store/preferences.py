"""What a person saved on the Settings screen."""

from __future__ import annotations

from typing import Any

from engine.store.liveness import utc_now
from engine.store.store import Store


class PreferenceStore:
    """JSON values by name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load_preferences(self) -> dict[str, Any]:
        """Every saved value by name."""
        return {row["name"]: row["value"] for row in self._store.query("SELECT name, value FROM preferences")}

    def load_preference(self, name: str, default: Any = None) -> Any:
        """One value, or the default when none was saved."""
        rows = self._store.query("SELECT value FROM preferences WHERE name = ?", (name,))
        return rows[0]["value"] if rows else default

    def save_preference(self, name: str, value: Any) -> None:
        """Save a value that JSON can carry, in place of an earlier one; None removes it."""
        if value is None:
            self.delete_preference(name)
        else:
            self._store.insert("preferences", [{"name": name, "value": value, "updated_at": utc_now()}])

    def delete_preference(self, name: str) -> None:
        """Forget a value."""
        self._store.execute("DELETE FROM preferences WHERE name = ?", (name,))
