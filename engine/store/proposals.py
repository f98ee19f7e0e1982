"""Generated cases that wait for a person."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.store.liveness import utc_now
from engine.store.store import Store


class ProposalStore:
    """Rows of the table ``proposals``: a case as in ``cases.jsonl``, and what a person decided."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_proposals(self, path: str, proposals: Iterable[tuple[Mapping[str, Any], str]]) -> list[str]:
        """Keep proposals, each a case and its origin, in order; their ids, which sort in that order."""
        now = utc_now()
        rows = [
            {
                "proposal_id": f"{now:%Y%m%d-%H%M%S-%f}-{i:05}-{secrets.token_hex(2)}",
                "suite_path": path,
                "content": dict(content),
                "origin": origin,
                "status": "open",
                "made_at": now,
                "decided_by": None,
                "decided_at": None,
            }
            for i, (content, origin) in enumerate(proposals)
        ]
        self._store.insert("proposals", rows)
        return [row["proposal_id"] for row in rows]

    def list_proposals(self, path: str, status: str = "") -> list[dict[str, Any]]:
        """The proposals for a suite's folder in the order in which they were made."""
        return self._store.query(
            "SELECT * FROM proposals WHERE suite_path = ? AND (? = '' OR status = ?) ORDER BY proposal_id",
            (path, status, status),
        )

    def update_content(self, proposal_id: str, content: Mapping[str, Any]) -> None:
        """Change a proposal's case."""
        self._store.execute("UPDATE proposals SET content = ? WHERE proposal_id = ?", (dict(content), proposal_id))

    def decide_proposals(self, proposal_ids: Sequence[str], status: str, who: str) -> None:
        """Set proposals to accepted, rejected or open again."""
        if proposal_ids:
            marks = ", ".join("?" * len(proposal_ids))
            self._store.execute(
                f"UPDATE proposals SET status = ?, decided_by = ?, decided_at = ? WHERE proposal_id IN ({marks})",
                (status, who, utc_now(), *proposal_ids),
            )
