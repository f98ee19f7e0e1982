"""Rule ``open-state-file``: who else may read what the state folder holds, and closing it to them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from engine.code_audit.findings import Finding

FOLDER_MODE, FILE_MODE = 0o700, 0o600
_OTHERS = 0o077
# What holds questions, answers, documents, tokens or logs. Models and bundled graphs are public.
_PRIVATE = ("store*", "*.json", "logs/**/*", "backups/**/*", "uploads/**/*", "tokens/**/*", "judging/**/*")
_SHOWN = 20


def find_open_files(home: Path) -> Iterator[Finding]:
    """The folder, and files in it that others could read; at most twenty of these are named, the last says how many more."""
    if os.name != "posix" or not home.is_dir():
        return
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & _OTHERS:
        yield Finding(
            rule="open-state-file",
            severity="error",
            path=str(home),
            line=0,
            what=f"the state folder has mode {mode:04o}: others of this machine can look into it",
            advice="python -m engine audit --mend closes it, or chmod 700.",
        )
    opened = list(list_open_files(home))
    for number, (path, file_mode) in enumerate(opened[:_SHOWN]):
        more = f", and {len(opened) - _SHOWN} more files" if number == _SHOWN - 1 and len(opened) > _SHOWN else ""
        yield Finding(
            rule="open-state-file",
            severity="error" if mode & _OTHERS else "note",
            path=str(path),
            line=0,
            what=f"mode {file_mode:04o}: others could read it{more}",
            advice="python -m engine audit --mend closes it, or chmod 600.",
        )


def list_open_files(home: Path) -> Iterator[tuple[Path, int]]:
    """Private files of the folder that others may read or write, with their modes."""
    seen: set[Path] = set()
    for pattern in _PRIVATE:
        for path in sorted(home.glob(pattern)):
            if path in seen or path.is_symlink() or not path.is_file():
                continue
            seen.add(path)
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & _OTHERS:
                yield path, mode


def close_state(home: Path) -> int:
    """Take the rights of others from the folder and its private files; how many were changed.

    Raises:
        OSError: they belong to somebody else.
    """
    if os.name != "posix" or not home.is_dir():
        return 0
    changed = 0
    for path, _ in list(list_open_files(home)):
        path.chmod(FILE_MODE)
        changed += 1
    if stat.S_IMODE(home.stat().st_mode) & _OTHERS:
        home.chmod(FOLDER_MODE)
        changed += 1
    return changed
