"""Which state of a corpus answers now, told from file names alone: opening the table would take a hundred times as long."""

from __future__ import annotations

import os
from pathlib import Path

from engine.index.catalog import Catalog

_tables: dict[str, tuple[tuple[int, int, int], dict[str, str]]] = {}


def read_index_version(folder: Path, corpus: str, fingerprint: str) -> tuple[str, str] | None:
    """The table of a corpus for an index fingerprint, and the table's newest version: its file's name, number and time.

    They change whenever an ingest changes a document: a merge writes a version, a rebuild another table. LanceDB names
    its manifests so that the newest is the first by name (``u64::MAX - version``) or, in the older scheme, by number. A
    name comes again when an older state of the folder was put back and then changed; the file's number and time do not.

    Returns:
        None when the corpus has no such index, so that an answer would have to build one first.
    """
    table = _find_table(folder, corpus, fingerprint)
    if table is None:
        return None
    newest = read_newest(folder, table)
    return (table, newest) if newest else None


def read_newest(folder: Path, table: str) -> str | None:
    """The newest version of a table: its file's name, number and time; None when there is none."""
    versions = os.path.join(folder, f"{table}.lance", "_versions")
    try:
        newest = min((name for name in os.listdir(versions) if name.endswith(".manifest")), key=_order)
        found = os.stat(os.path.join(versions, newest))
    except (OSError, ValueError):  # no such folder, or none of them is a version
        return None
    return f"{newest} {found.st_ino} {found.st_mtime_ns}"


def _order(name: str) -> tuple[bool, int]:
    """The newest first; the newer scheme's before those of the older one, which it succeeds in the same folder."""
    number = int(name.partition(".")[0])
    counts_down = number > 2**63
    return not counts_down, number if counts_down else -number


def _find_table(folder: Path, corpus: str, fingerprint: str) -> str | None:
    """From the corpus's file, which is read anew only when it has been replaced."""
    path = os.path.join(folder, f"{corpus}.json")
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # a name with a null character
        return None
    state = (found.st_ino, found.st_mtime_ns, found.st_size)
    known = _tables.get(path)
    if known is None or known[0] != state:
        entry = Catalog(folder).find(corpus)
        known = _tables[path] = (state, {name: index.table for name, index in entry.indexes.items()} if entry else {})
    return known[1].get(fingerprint)
