"""Audits of runs: how many of a run's figures agree with what was recomputed. The newest one of a run counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.store.liveness import utc_now
from engine.store.store import Store


class RunAuditStore:
    """Rows of ``run_audits``. To read, anything with the store's ``query`` will do."""

    def __init__(self, store: Any) -> None:
        self._store: Store = store

    def save_audit(self, run_id: str, checked: int, agreed: int, findings: Sequence[Mapping[str, Any]]) -> None:
        """Keep an audit in place of an earlier one of the same run."""
        row = {
            "run_id": run_id,
            "checked": checked,
            "agreed": agreed,
            "findings": [dict(finding) for finding in findings],
            "audited_at": utc_now(),
        }
        self._store.insert("run_audits", [row])

    def load_audits(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The audits of some runs by run id; a run without one is left out."""
        if not run_ids:
            return {}
        marks = ", ".join("?" * len(run_ids))
        rows = self._store.query(f"SELECT * FROM run_audits WHERE run_id IN ({marks})", list(run_ids))
        return {row["run_id"]: row for row in rows}
