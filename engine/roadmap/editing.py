"""Changing a roadmap: a draft is checked as a file would be, then saved whole or not at all, with an entry per change.

A shipped roadmap is never written: its edited copy in the home folder takes its place, and can be reverted.
"""

from __future__ import annotations

import copy
import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import DiskFullError, InputError, PhasegateError, UnknownNameError
from engine.roadmap.entries import check_name, check_reason
from engine.roadmap.roadmap_changes import Change, apply_changes, list_changes
from engine.roadmap.roadmap_files import check_fields
from engine.roadmap.roadmaps import (
    build_roadmap,
    find_home_file,
    find_shipped_file,
    home_roadmaps,
    list_roadmap_names,
)
from engine.roadmap.types import Roadmap
from engine.roadmap.yaml_lines import parse_yaml, read_yaml
from engine.store import AuditTrail, Store

NEW = ""  # the hash of a file that is not there
_SAVES = ("changed", "added", "removed", "reverted", "made")  # how the actions of a saved roadmap end
_DISK_FULL = (28, 122)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A roadmap at work. ``fields`` are those of its file, ``base`` what they were when it was opened, under ``base_hash``."""

    name: str
    base_hash: str
    base: Mapping[str, Any]
    fields: Mapping[str, Any]

    @property
    def changes(self) -> tuple[Change, ...]:
        """What differs from the file."""
        return list_changes(self.base, self.fields)


class StaleDraftError(InputError):
    """Somebody saved the roadmap after the draft was opened."""


def open_draft(name: str) -> Draft:
    """A roadmap as it stands, to be changed.

    Raises:
        UnknownNameError: no such roadmap.
        FileFormatError: its file is broken.
    """
    path = _find(name)
    fields, _ = read_yaml(path)
    return Draft(name=name, base_hash=_hash(path), base=fields, fields=copy.deepcopy(fields))


def check_draft(draft: Draft) -> Roadmap:
    """The roadmap that the draft would be.

    Raises:
        FileFormatError: it breaks the format; names line and field of the file as it would be written.
    """
    path = home_roadmaps() / f"{draft.name}.yaml"
    return build_roadmap(check_fields(*parse_yaml(render_draft(draft), path), path))


def render_draft(draft: Draft) -> str:
    """The draft as YAML, its fields in their order."""
    import yaml

    head = "# Edited with Phasegate. Comments are not kept; the audit trail says who changed what.\n"
    return head + yaml.safe_dump(dict(draft.fields), sort_keys=False, allow_unicode=True, width=120)


def save_draft(store: Store, draft: Draft, *, who: str, reason: str) -> Roadmap:
    """Write the draft into the home folder, and one audit entry per change.

    Raises:
        StaleDraftError: somebody else saved the roadmap since the draft was opened; nothing was written.
        InputError: nothing was changed, nobody is named, or no reason in words.
        FileFormatError: the draft breaks the format.
        DiskFullError: no space left; the old file is as it was.
    """
    name, why = check_name(who), check_reason(reason, "A change of a roadmap")
    changes = draft.changes
    if not changes:
        raise InputError(f"Nothing of {draft.name} was changed, so there is nothing to save.")
    roadmap = check_draft(draft)
    with _locked():
        found = _current_hash(draft.name)
        if found != draft.base_hash:
            raise StaleDraftError(
                _say_who_was_first(store, draft), "Put your changes on top of theirs, then save again."
            )
        _write(home_roadmaps() / f"{draft.name}.yaml", render_draft(draft))
    trail = AuditTrail(store)
    for change in changes:
        trail.record_entry(
            name,
            change.action,
            f"{draft.name}/{change.place}",
            before=_as_json(change.before),
            after=_as_json(change.after),
            reason=why,
        )
    return roadmap


def rebase_draft(draft: Draft) -> tuple[Draft, tuple[str, ...]]:
    """The draft's changes on top of the file as it is now, and what both have changed; the draft's version stands there.

    Raises:
        InputError: a change belongs to what is gone.
    """
    current = open_draft(draft.name)
    fields, clashes = apply_changes(current.fields, draft.changes)
    return replace(current, fields=fields), clashes


def create_roadmap(store: Store, name: str, title: str, *, who: str, copy_of: str = "") -> Roadmap:
    """A new roadmap in the home folder: a copy of another one, or one phase with one goal to begin with.

    Raises:
        InputError: the name is taken or nobody is named.
        FileFormatError: name or title cannot be used.
    """
    person = check_name(who)
    if name.lower() in (known.lower() for known in list_roadmap_names()):
        raise InputError(f"There is a roadmap called {name!r} already.", "Give another name.")
    fields = dict(open_draft(copy_of).fields) if copy_of else copy.deepcopy(_FIRST)
    fields |= {"name": name, "title": title.strip() or name}
    draft = Draft(name=name, base_hash=NEW, base={}, fields=fields)
    roadmap = check_draft(draft)
    with _locked():
        if _current_hash(name) != NEW:
            raise InputError(f"There is a roadmap called {name!r} already.", "Give another name.")
        _write(home_roadmaps() / f"{name}.yaml", render_draft(draft))
    words = f"copied from {copy_of}" if copy_of else "begun anew"
    AuditTrail(store).record_entry(person, "roadmap made", name, after={"title": roadmap.title}, reason=words)
    return roadmap


def revert_roadmap(store: Store, name: str, *, who: str, reason: str) -> None:
    """Take an edited copy away, so that the shipped roadmap stands again.

    Raises:
        InputError: it is not edited, is one of your own, nobody is named or no reason in words.
    """
    person, why = check_name(who), check_reason(reason, "Going back to the shipped roadmap")
    path = find_home_file(name)
    if path is None or find_shipped_file(name) is None:
        raise InputError(f"{name} is not the edited copy of a shipped roadmap, so there is nothing to go back to.")
    before = _fields_or_nothing(path)
    shipped = find_shipped_file(name)
    assert shipped is not None
    changed = [change.words for change in list_changes(before, read_yaml(shipped)[0])] if before else []
    with _locked():
        path.unlink(missing_ok=True)
    AuditTrail(store).record_entry(
        person, "roadmap reverted", name, before={"changes": changed[:50]}, after={"changes": []}, reason=why
    )


def is_edited(name: str) -> bool:
    """Whether a shipped roadmap's copy in the home folder takes its place."""
    return find_home_file(name) is not None and find_shipped_file(name) is not None


def list_edits(name: str) -> tuple[Change, ...]:
    """What an edited copy changes of the shipped roadmap; empty when it is not one."""
    home, shipped = find_home_file(name), find_shipped_file(name)
    if home is None or shipped is None:
        return ()
    return list_changes(read_yaml(shipped)[0], read_yaml(home)[0])


_FIRST: dict[str, Any] = {
    "name": "",
    "title": "",
    "document": "made with Phasegate",
    "date": "not dated",
    "summary": "What is to be reached, phase by phase.",
    "kpis": {
        "success_rate": {
            "title": "Success rate",
            "unit": "share",
            "higher_is_better": True,
            "description": "Cases that pass all their checks, of the cases attempted.",
            "evidence": {"type": "run", "suites": ["stories"], "measure": "success_rate"},
        }
    },
    "phases": [
        {
            "number": 1,
            "label": "Phase 1",
            "title": "First phase",
            "goal_text": "Say here what this phase is to reach.",
            "goals": [{"kpi": "success_rate", "goal": ">= 0.75", "text": "at least 75 %", "source": "set here"}],
        }
    ],
}


def _find(name: str) -> Path:
    path = find_home_file(name) or find_shipped_file(name)
    if path is None:
        raise UnknownNameError("roadmap", name, list_roadmap_names())
    return path


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _current_hash(name: str) -> str:
    path = find_home_file(name) or find_shipped_file(name)
    return NEW if path is None else _hash(path)


def _fields_or_nothing(path: Path) -> dict[str, Any]:
    try:
        return read_yaml(path)[0]
    except PhasegateError:  # a broken copy is the best reason to go back
        return {}


def _say_who_was_first(store: Store, draft: Draft) -> str:
    entries = AuditTrail(store).list_entries(draft.name, limit=50)
    last = [entry for entry in entries if entry["action"].split()[-1] in _SAVES]
    who = f"{last[0]['who']} ({last[0]['action']}, {last[0]['happened_at']:%Y-%m-%d %H:%M} UTC)" if last else "somebody"
    return (
        f"{draft.name} was saved by {who} after you had opened it; nothing of yours was written, and nothing is lost."
    )


@contextmanager
def _locked() -> Iterator[None]:
    """One writer at a time, whatever process it is in."""
    folder = home_roadmaps()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise DiskFullError(f"No space left for a roadmap in {folder}; nothing was changed.") from error
        raise InputError(f"The roadmap cannot be written to {folder}: {error.strerror or error}.") from error


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _as_json(value: Any) -> Any:
    """Dates as text; a bare value stands in an object, which the store keeps as JSON."""
    if value is None or isinstance(value, Mapping):
        return value
    return {"value": value}
