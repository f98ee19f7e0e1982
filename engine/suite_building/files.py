"""Saving a suite: nobody's work is overwritten unseen, and every text that was saved is kept as a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.errors import FileFormatError, InputError
from engine.evaluation.suite_folders import find_shadowed, home_suites
from engine.evaluation.suites import find_corpus_folder, load_suite
from engine.settings import DATASETS
from engine.store import Store
from engine.store.audit_trail import AuditTrail
from engine.store.suite_versions import SuiteVersionStore
from engine.suite_building.texts import SuiteText, read_text
from engine.suite_building.writing import lock_folder, write_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs between two texts of a suite: ids of cases, and whether ``suite.yaml`` does."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    header: bool

    @property
    def words(self) -> str:
        """``2 added (a, b), 1 changed (c)``."""
        parts = [
            f"{len(ids)} {word} ({', '.join(ids[:5])}{', ...' if len(ids) > 5 else ''})"
            for word, ids in (("added", self.added), ("changed", self.changed), ("removed", self.removed))
            if ids
        ]
        return ", ".join(parts + (["suite.yaml changed"] if self.header else [])) or "nothing differs"


class SuiteChangedError(InputError):
    """Somebody else saved the suite since it was opened. ``difference`` is what they changed."""

    def __init__(self, folder: Path, difference: Difference) -> None:
        super().__init__(
            f"The suite in {folder} was saved by somebody else since you opened it: {difference.words}. "
            "Nothing of yours was written.",
            "What you wrote is still in the form. Look at the suite as it is now, then save again.",
        )
        self.difference = difference


def compare_texts(old: SuiteText, new: SuiteText) -> Difference:
    """What has to happen to ``old`` to become ``new``."""
    before, after = old.cases(), new.cases()
    return Difference(
        added=tuple(name for name in after if name not in before),
        changed=tuple(name for name in after if name in before and after[name] != before[name]),
        removed=tuple(name for name in before if name not in after),
        header=old.header != new.header,
    )


def is_shipped(folder: Path) -> bool:
    """Whether a suite came with Phasegate; such a one is not edited."""
    return (DATASETS / "suites").resolve() in folder.resolve().parents


def copies_folder(hash_: str) -> Path:
    """Where the files of a version are kept."""
    return home_suites() / ".versions" / hash_


def save_text(store: Store, folder: Path, text: SuiteText, *, expected: str, who: str, note: str, action: str) -> str:
    """Make ``text`` the suite's text; its hash, which is that of its version.

    Args:
        expected: the hash of the text that the person edited.
        note: what was done, as the list of versions says it; ``action`` names it in the audit trail.

    Raises:
        SuiteChangedError: the files hold another text than that by now.
        FileFormatError: ``text`` is no suite; InputError: a shipped one, or not writable. Nothing was changed.
    """
    _refuse_shipped(folder)
    with lock_folder(folder):
        now = read_text(folder)
        if expected not in (now.hash, _file_hash(folder)):
            opened = copies_folder(expected)
            before = read_text(opened) if (opened / "suite.yaml").is_file() else now
            raise SuiteChangedError(folder, compare_texts(before, now))
        _check_text(folder, text)
        keep_version(store, folder, now, who=who, note="as it was found", once=True)
        if text.hash != now.hash:
            write_files(_changed_files(folder, now, text))
    keep_version(store, folder, text, who=who, note=note)
    difference = compare_texts(now, text)
    AuditTrail(store).record_entry(
        who, action, str(folder), before={"hash": now.hash}, after={"hash": text.hash, "changes": difference.words}
    )
    return text.hash


def open_text(store: Store, folder: Path, who: str) -> SuiteText:
    """The text of a suite to be edited; kept, so that what somebody changes meanwhile can be told."""
    text = read_text(folder)
    if not is_shipped(folder):
        keep_version(store, folder, text, who=who, note="as it was found", once=True)
    return text


def create_suite(
    store: Store, name: str, *, title: str, corpus: str, licence: str, who: str, description: str = ""
) -> Path:
    """A new suite of the home folder without cases; its folder.

    Raises:
        InputError: the name is taken or cannot be one; nothing was written.
    """
    header = {"name": name, "title": title, "description": description, "licence": licence, "corpus": corpus}
    text = SuiteText(header=render_header(header), lines=())
    return _create(store, name, text, who, "made")


def create_from_text(store: Store, name: str, text: SuiteText, who: str, note: str) -> Path:
    """A new suite of the home folder with this text; its folder. ``note`` says in its list of versions where it is from.

    Raises:
        InputError: the name is taken or cannot be one; nothing was written.
        FileFormatError: the text is no suite; nothing was written.
    """
    return _create(store, name, text, who, note)


def copy_suite(store: Store, source: str, name: str, who: str) -> Path:
    """A copy of a suite in the home folder, under a name of its own; its folder.

    Raises:
        PhasegateError: no such suite, it is broken, or the name is taken.
    """
    suite = load_suite(source)
    text = read_text(suite.path)
    header = yaml.safe_load(text.header) | {"name": name, "title": f"{suite.title} (copy)"}
    if not (DATASETS / "corpora" / suite.corpus / "documents").is_dir():
        header["corpus"] = str(suite.corpus_path)
    return _create(
        store,
        name,
        SuiteText(header=render_header(header), lines=text.lines, ending=text.ending),
        who,
        f"copied from {suite.name}",
    )


def render_header(fields: Mapping[str, Any]) -> str:
    """``suite.yaml`` of these fields; empty ones are left out."""
    kept = {name: value for name, value in fields.items() if value not in ("", None, {}, [])}
    return yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=120)


def keep_version(store: Store, folder: Path, text: SuiteText, *, who: str, note: str, once: bool = False) -> None:
    """Copy a text to where versions are kept and list it; ``once`` leaves a version that is listed as it is."""
    copies = copies_folder(text.hash)
    if not (copies / "cases.jsonl").is_file():
        write_files({copies / "suite.yaml": text.header_bytes, copies / "cases.jsonl": text.cases_bytes})
    versions = SuiteVersionStore(store)
    if once and any(row["hash"] == text.hash for row in versions.list_versions(str(folder))):
        return
    name = _name_of(text) or folder.name
    versions.record_version(str(folder), text.hash, suite=name, cases=text.size, note=note, saved_by=who)


def new_ids(text: SuiteText, cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Cases with ids that no other case of the suite has; one that is free is kept."""
    taken, renamed = set(text.cases()), []
    for case in cases:
        wanted = str(case.get("id") or "case")
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        taken.add(name)
        renamed.append({**case, "id": name})
    return renamed


def _create(store: Store, name: str, text: SuiteText, who: str, note: str) -> Path:
    name = name.strip()
    folder = home_suites().resolve() / name
    shipped = find_shadowed(Path(name), DATASETS)
    if shipped:
        raise InputError(f"The name {name!r} belongs to the shipped suite {shipped!r}.", "Choose another name.")
    if not name or name.startswith(".") or "/" in name or folder.parent != home_suites().resolve():
        raise InputError(
            f"{name!r} cannot be a suite's name.",
            "Letters, digits, dots, dashes, underscores and spaces; a letter first.",
        )
    _check_text(folder, text)
    find_corpus_folder(folder / "suite.yaml", str(yaml.safe_load(text.header)["corpus"]), folder, None)
    if (folder / "suite.yaml").exists():
        raise InputError(f"There is a suite called {name!r} already.", "Open it, or choose another name.")
    with lock_folder(folder):
        write_files({folder / "suite.yaml": text.header_bytes, folder / "cases.jsonl": text.cases_bytes})
    keep_version(store, folder, text, who=who, note=note)
    AuditTrail(store).record_entry(who, "suite made", str(folder), after={"hash": text.hash, "note": note})
    return folder


def _check_text(folder: Path, text: SuiteText) -> None:
    """Refuse a text that ``load_suite`` would refuse, before it takes the place of a good one."""
    from engine.evaluation.suite_files import parse_case, parse_suite_file

    parse_suite_file(folder / "suite.yaml", text.header)
    seen: dict[str, int] = {}
    for number, line in enumerate(text.lines, 1):
        if not line.strip():
            continue
        case = parse_case(folder / "cases.jsonl", number, line)
        if case.id in seen:
            problem = f"duplicate id {case.id!r}: line {seen[case.id]} already has it"
            raise FileFormatError(folder / "cases.jsonl", problem, line=number, field="id")
        seen[case.id] = number


def _changed_files(folder: Path, now: SuiteText, text: SuiteText) -> dict[Path, bytes]:
    changed = {}
    if now.cases_bytes != text.cases_bytes:
        changed[folder / "cases.jsonl"] = text.cases_bytes
    if now.header != text.header:
        changed[folder / "suite.yaml"] = text.header_bytes
    return changed


def _refuse_shipped(folder: Path) -> None:
    if is_shipped(folder):
        raise InputError(
            f"The suite {folder.name!r} came with Phasegate and is not edited.", "Make a copy of it, and edit that."
        )


def _file_hash(folder: Path) -> str:
    from engine.evaluation.suites import hash_suite_files

    return hash_suite_files(folder) if (folder / "cases.jsonl").is_file() else ""


def _name_of(text: SuiteText) -> str:
    try:
        value = yaml.safe_load(text.header)
    except yaml.YAMLError:
        return ""
    return str(value.get("name", "")) if isinstance(value, dict) else ""
