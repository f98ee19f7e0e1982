"""What people say of a case: right, wrong or unsure; one label by person and case, several people side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import InputError, UnknownNameError
from engine.store.liveness import utc_now
from engine.store.store import Store

LABELS = ("right", "wrong", "unsure")
NOTE_LENGTH = 2_000
AUTHOR_LENGTH = 60


class LabelStore:
    """Labels of the cases of runs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save_label(self, run_id: str, case_id: str, author: str, label: str, note: str | None = None) -> None:
        """Label one case. See :meth:`save_labels`."""
        self.save_labels(run_id, [case_id], author, label, note)

    def save_labels(
        self, run_id: str, case_ids: Sequence[str], author: str, label: str, note: str | None = None
    ) -> int:
        """Label cases as one person; an earlier label of the same person is replaced, everybody else's stay.

        Args:
            note: None keeps the note that this person left before.

        Returns:
            How many cases were labelled.

        Raises:
            UnknownNameError: no such run, or a case that the run does not have; nothing was labelled.
            InputError: no label, no author, a note that is too long; nothing was labelled.
        """
        who, words = author.strip(), None if note is None else note.strip()
        _check(label, who, words)
        self._check_cases(run_id, case_ids)
        before = {row["case_id"]: row["note"] for row in self._of_author(run_id, who, case_ids)}
        now = utc_now()
        rows = [
            {
                "run_id": run_id,
                "case_id": case_id,
                "author": who,
                "label": label,
                "note": before.get(case_id, "") if words is None else words,
                "labelled_at": now,
            }
            for case_id in dict.fromkeys(case_ids)
        ]
        self._store.insert("labels", rows)
        return len(rows)

    def remove_label(self, run_id: str, case_id: str, author: str) -> None:
        """Take one's label back; nothing happens where there is none."""
        self._store.execute(
            "DELETE FROM labels WHERE run_id = ? AND case_id = ? AND author = ?", (run_id, case_id, author.strip())
        )

    def labels_of(self, run_id: str, case_id: str | None = None) -> list[dict[str, Any]]:
        """case_id, author, label, note and labelled_at (UTC) of a run's labels, by place in the suite, then by time."""
        return self._store.query(
            """
            SELECT l.case_id, author, label, note, labelled_at FROM labels l JOIN cases c USING (run_id, case_id)
            WHERE run_id = ? AND (? IS NULL OR case_id = ?) ORDER BY position, labelled_at, author""",
            (run_id, case_id, case_id),
        )

    def verdicts_of(self, run_id: str) -> list[dict[str, Any]]:
        """Every label of a run beside the automatic verdict: case_id, status, author, label."""
        return self._store.query(
            """
            SELECT l.case_id, c.status, author, label FROM labels l JOIN cases c USING (run_id, case_id)
            WHERE run_id = ? ORDER BY position, author""",
            (run_id,),
        )

    def _of_author(self, run_id: str, author: str, case_ids: Sequence[str]) -> list[dict[str, Any]]:
        return self._store.query(
            "SELECT case_id, note FROM labels WHERE run_id = ? AND author = ? AND case_id IN (SELECT unnest(?))",
            (run_id, author, list(case_ids)),
        )

    def _check_cases(self, run_id: str, case_ids: Sequence[str]) -> None:
        if not self._store.query("SELECT run_id FROM runs WHERE run_id = ?", (run_id,)):
            known = self._store.query("SELECT run_id FROM runs ORDER BY started_at DESC LIMIT 10")
            hint = "It was deleted, or never was; python -m engine runs lists all."
            raise UnknownNameError("run", run_id, (row["run_id"] for row in known), hint)
        rows = self._store.query(
            "SELECT case_id FROM cases WHERE run_id = ? AND case_id IN (SELECT unnest(?))", (run_id, list(case_ids))
        )
        missing = sorted(set(case_ids) - {row["case_id"] for row in rows})
        if missing:
            known = self._store.query("SELECT case_id FROM cases WHERE run_id = ? ORDER BY position LIMIT 8", (run_id,))
            hint = f"It is not among the ended cases of {run_id}; python -m engine cases {run_id} lists them."
            raise UnknownNameError("case", missing[0], (row["case_id"] for row in known), hint)


def _check(label: str, author: str, note: str | None) -> None:
    if label not in LABELS:
        raise InputError(f"label {label!r}: expected one of {', '.join(LABELS)}.")
    if not author or len(author) > AUTHOR_LENGTH:
        problem = f"expected a name of 1 to {AUTHOR_LENGTH} characters, found {len(author)}"
        raise InputError(f"The label's author: {problem}.", "Say who you are with --as NAME or PHASEGATE_USER.")
    if note is not None and len(note) > NOTE_LENGTH:
        raise InputError(f"The note of a label has {len(note)} characters, at most {NOTE_LENGTH} are kept.")
