"""Alerts from pending to resolved, and silences."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.errors import UnknownNameError
from engine.store.liveness import utc_now
from engine.store.store import Store

ALL_RULES = "*"
KEPT = timedelta(days=90)


class AlertStore:
    """Writes and reads the tables ``alerts`` and ``silences``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_alert(self, row: Mapping[str, Any]) -> None:
        """Add an alert; one of that id that is there already stays."""
        self._store.insert("alerts", [{"acknowledged_by": "", "notified": {}, **row}], replace=False)

    def update_alert(self, alert_id: str, **changes: Any) -> None:
        """Set columns; the others stay, so that an acknowledgement made meanwhile is not lost."""
        assignments = ", ".join(f"{name} = ?" for name in changes)
        self._store.execute(f"UPDATE alerts SET {assignments} WHERE alert_id = ?", (*changes.values(), alert_id))

    def drop_alert(self, alert_id: str) -> None:
        """Forget an alert that never fired."""
        self._store.execute("DELETE FROM alerts WHERE alert_id = ? AND firing_at IS NULL", (alert_id,))

    def list_open(self) -> list[dict[str, Any]]:
        """Pending and firing alerts, oldest first."""
        return self._store.query("SELECT * FROM alerts WHERE state <> 'resolved' ORDER BY pending_at, alert_id")

    def list_alerts(self, limit: int = 100) -> list[dict[str, Any]]:
        """Alerts, open ones first, then the newest."""
        return self._store.query(
            "SELECT * FROM alerts ORDER BY state = 'resolved', pending_at DESC, alert_id LIMIT ?", (limit,)
        )

    def list_untold(self, since: datetime) -> list[dict[str, Any]]:
        """Alerts resolved since a time: a receiver may not know yet that they are."""
        return self._store.query(
            "SELECT * FROM alerts WHERE state = 'resolved' AND firing_at IS NOT NULL AND resolved_at >= ?"
            " ORDER BY resolved_at",
            (since,),
        )

    def find_alert(self, alert_id: str) -> dict[str, Any]:
        """One alert, by its id or, where it is open, by its rule.

        Raises:
            UnknownNameError: there is none.
        """
        rows = self._store.query(
            "SELECT * FROM alerts WHERE alert_id = ? OR (rule = ? AND state <> 'resolved') LIMIT 1",
            (alert_id, alert_id),
        )
        if not rows:
            known = [row["alert_id"] for row in self.list_open()]
            raise UnknownNameError("alert", alert_id, known, "python -m engine alerts lists them.")
        return rows[0]

    def acknowledge(self, alert_id: str, who: str) -> dict[str, Any]:
        """Note who takes care of an alert; the alert.

        Raises:
            UnknownNameError: there is none.
        """
        alert = self.find_alert(alert_id)
        self.update_alert(alert["alert_id"], acknowledged_by=who, acknowledged_at=utc_now())
        return alert

    def add_silence(self, rule: str, until: datetime, reason: str, who: str) -> str:
        """Keep a rule's alerts (``*``: all) from log and webhook until a time; the silence's id."""
        now = utc_now()
        silence_id = f"s-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        row = {"silence_id": silence_id, "rule": rule, "until": until, "reason": reason, "made_by": who}
        self._store.insert("silences", [{**row, "made_at": now}])
        return silence_id

    def end_silence(self, silence_id: str) -> None:
        """Let its alerts be heard from now on.

        Raises:
            UnknownNameError: no silence of that id lasts.
        """
        known = [row["silence_id"] for row in self.list_silences()]
        if silence_id not in known:
            raise UnknownNameError("silence", silence_id, known, "python -m engine alerts lists them.")
        self._store.execute("UPDATE silences SET until = ? WHERE silence_id = ?", (utc_now(), silence_id))

    def list_silences(self, now: datetime | None = None) -> list[dict[str, Any]]:
        """Silences that last, the first to end first."""
        return self._store.query("SELECT * FROM silences WHERE until > ? ORDER BY until", (now or utc_now(),))

    def prune(self, now: datetime) -> None:
        """Forget what was resolved, and silences that ended, more than ninety days ago."""
        self._store.execute("DELETE FROM alerts WHERE state = 'resolved' AND resolved_at < ?", (now - KEPT,))
        self._store.execute("DELETE FROM silences WHERE until < ?", (now - KEPT,))
