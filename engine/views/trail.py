"""The audit trail: who changed what, when and why, found by words and paged in the database; and the last configuration audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.settings import ROOT
from engine.store import AuditTrail, Store
from engine.store.config_audits import ConfigAuditStore
from engine.views.words import DASH, ago, clock, plural, setting_value

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailView:
    """One page of entries, newest first.

    Attributes:
        rows: when, who, action, subject, reason, before and after, in words.
        entries: the same as they are stored, for JSON.
        audit: one sentence on the newest configuration audit of this project.
    """

    rows: tuple[Mapping[str, str], ...]
    entries: tuple[Mapping[str, Any], ...]
    total: int
    first: int
    page: int
    pages: int
    audit: str

    def as_json(self) -> dict[str, Any]:
        """What ``trail --json`` prints."""
        return {"total": self.total, "page": self.page, "pages": self.pages, "entries": [dict(e) for e in self.entries]}


def load_trail(
    store: Store, words: str = "", *, page: int = 1, per_page: int = PAGE, zone: str | None = None
) -> TrailView:
    """Entries in which who, action, subject or reason holds ``words``; a page beyond the last is the last."""
    trail = AuditTrail(store)
    rows, total = trail.search_entries(words, per_page, (max(1, page) - 1) * per_page)
    pages = max(1, -(-total // per_page))
    shown = min(max(1, page), pages)
    if shown != max(1, page):
        rows, total = trail.search_entries(words, per_page, (shown - 1) * per_page)
    return TrailView(
        rows=tuple(_write(row, zone) for row in rows),
        entries=tuple(_plain(row) for row in rows),
        total=total,
        first=(shown - 1) * per_page + 1 if total else 0,
        page=shown,
        pages=pages,
        audit=_describe_audit(store, zone),
    )


def _write(row: Mapping[str, Any], zone: str | None) -> dict[str, str]:
    before, after = _keep_changed(row["before"], row["after"])
    return {
        "when": clock(row["happened_at"], zone),
        "who": row["who"],
        "action": row["action"],
        "subject": row["subject"],
        "reason": row["reason"] or DASH,
        "before": setting_value(before),
        "after": setting_value(after),
    }


def _keep_changed(before: Any, after: Any) -> tuple[Any, Any]:
    """Of two mappings only what differs: a row is to say what was changed."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return before, after
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {n: before[n] for n in names if n in before}, {n: after[n] for n in names if n in after}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "happened_at": f"{row['happened_at']:%Y-%m-%dT%H:%M:%SZ}"}


def _describe_audit(store: Store, zone: str | None) -> str:
    newest = ConfigAuditStore(store).find_newest(path=str(ROOT))
    if newest is None:
        return "The code and the state folder have not been audited yet: python -m engine audit"
    standing = sum(1 for finding in newest["findings"] if not finding["reason"])
    when = f"{clock(newest['audited_at'], zone)}, {ago(newest['audited_at'])}"
    words = "passed" if newest["passed"] else "failed"
    return f"The last configuration audit {words} with {plural(standing, 'finding')} ({when}). Anew: python -m engine audit"
