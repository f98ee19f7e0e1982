"""Marks that people put on runs: pinned, tags, a note."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.errors import InputError, UnknownNameError
from engine.store.liveness import utc_now
from engine.store.store import Store

TAG_LENGTH = 40
TAG_COUNT = 12
NOTE_LENGTH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMark:
    """The marks of one run; without any, nothing is pinned and nobody has touched it."""

    pinned: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""
    updated_by: str = ""
    updated_at: datetime | None = None


class RunMarkStore:
    """Marks by run."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load_mark(self, run_id: str) -> RunMark:
        """The marks of a run, empty ones where it has none."""
        rows = self._store.query("SELECT * FROM run_marks WHERE run_id = ?", (run_id,))
        if not rows:
            return RunMark()
        row = rows[0]
        return RunMark(
            pinned=row["pinned"],
            tags=tuple(row["tags"]),
            note=row["note"],
            updated_by=row["updated_by"],
            updated_at=row["updated_at"],
        )

    def save_mark(
        self,
        run_id: str,
        author: str,
        *,
        pinned: bool | None = None,
        tags: Iterable[str] | None = None,
        note: str | None = None,
    ) -> RunMark:
        """Change marks of a run; what is None stays as it is.

        Raises:
            UnknownNameError: no such run.
            InputError: a tag or a note that is too long, or too many tags; nothing was changed.
        """
        if not self._store.query("SELECT run_id FROM runs WHERE run_id = ?", (run_id,)):
            known = self._store.query("SELECT run_id FROM runs ORDER BY started_at DESC LIMIT 10")
            hint = "It was deleted, or never was; python -m engine runs lists all."
            raise UnknownNameError("run", run_id, (row["run_id"] for row in known), hint)
        before = self.load_mark(run_id)
        row = {
            "run_id": run_id,
            "pinned": before.pinned if pinned is None else pinned,
            "tags": list(before.tags if tags is None else _clean_tags(tags)),
            "note": before.note if note is None else _clean_note(note),
            "updated_by": author,
            "updated_at": utc_now(),
        }
        self._store.insert("run_marks", [row])
        return self.load_mark(run_id)

    def list_tags(self) -> tuple[str, ...]:
        """Every tag that a run carries, sorted."""
        rows = self._store.query(
            "SELECT DISTINCT unnest(tags) AS tag FROM run_marks JOIN runs USING (run_id) ORDER BY tag"
        )
        return tuple(row["tag"] for row in rows)


def _clean_tags(tags: Iterable[str]) -> list[str]:
    cleaned = sorted({" ".join(tag.split()) for tag in tags} - {""})
    long = next((tag for tag in cleaned if len(tag) > TAG_LENGTH), None)
    if long is not None:
        raise InputError(f"The tag {long[:20]!r}… has {len(long)} characters, at most {TAG_LENGTH} are kept.")
    if len(cleaned) > TAG_COUNT:
        raise InputError(f"{len(cleaned)} tags on one run, at most {TAG_COUNT} are kept.")
    return cleaned


def _clean_note(note: str) -> str:
    if len(note.strip()) > NOTE_LENGTH:
        raise InputError(f"The note of a run has {len(note.strip())} characters, at most {NOTE_LENGTH} are kept.")
    return note.strip()
