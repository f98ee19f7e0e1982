"""Versions of a suite: what each changed, and taking one back."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.errors import UnknownNameError
from engine.store import Store
from engine.store.suite_versions import SuiteVersionStore
from engine.suite_building.files import Difference, compare_texts, copies_folder, save_text
from engine.suite_building.texts import SuiteText, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A text that a suite's folder held. ``difference`` is against the version before, None for the first."""

    hash: str
    cases: int
    note: str
    saved_by: str
    saved_at: datetime
    current: bool
    difference: Difference | None


def list_versions(store: Store, folder: Path) -> list[Version]:
    """The versions of a suite, newest first. A text that was changed with another program is listed once it is edited."""
    rows = SuiteVersionStore(store).list_versions(str(folder))
    now = read_text(folder).hash
    texts = [_read_copy(row["hash"]) for row in rows]
    changes = [
        compare_texts(old, new) if old is not None and new is not None else None
        for new, old in itertools.pairwise([*texts, None])
    ]
    return [
        Version(
            hash=row["hash"],
            cases=row["cases"],
            note=row["note"],
            saved_by=row["saved_by"],
            saved_at=row["saved_at"],
            current=row["hash"] == now,
            difference=change,
        )
        for row, change in zip(rows, changes, strict=True)
    ]


def load_version(store: Store, folder: Path, hash_: str) -> SuiteText:
    """The text of a version, by its hash or the beginning of it.

    Raises:
        UnknownNameError: no version of this suite has it, or its copy is gone.
    """
    rows = SuiteVersionStore(store).list_versions(str(folder))
    found = [row["hash"] for row in rows if len(hash_) >= 4 and row["hash"].startswith(hash_)]
    text = _read_copy(found[0]) if len(found) == 1 else None
    if text is None:
        raise UnknownNameError(
            "version",
            hash_,
            [row["hash"][:12] for row in rows],
            "Give at least four digits, enough to name one version.",
        )
    return text


def restore_version(store: Store, folder: Path, hash_: str, *, expected: str, who: str) -> str:
    """Make an earlier text the suite's text again, as a version of today; its hash.

    Raises:
        UnknownNameError: no such version; SuiteChangedError: the suite was saved since it was looked at.
    """
    text = load_version(store, folder, hash_)
    note = f"version {text.hash[:12]} taken back"
    return save_text(store, folder, text, expected=expected, who=who, note=note, action="suite restored")


def _read_copy(hash_: str) -> SuiteText | None:
    folder = copies_folder(hash_)
    return read_text(folder) if (folder / "suite.yaml").is_file() else None
