"""Writes a suite's files: each whole or not at all, and one writer of a folder at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.errors import DiskFullError, InputError

LOCK = ".editing"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """While the block runs no other process writes the suite. The folder is made when it is missing.

    Raises:
        InputError: the folder may not be written.
        DiskFullError: no space left.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a")
    except OSError as error:
        raise explain_failure(folder, error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write each file beside its place, then move all there: a reader sees the old text or the new one.

    Raises:
        InputError, DiskFullError: nothing half-written is left.
    """
    staged: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = staged[path] = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path, part in staged.items():
            part.replace(path)
    except OSError as error:
        raise explain_failure(next(iter(contents)).parent, error) from error
    finally:
        for part in staged.values():
            part.unlink(missing_ok=True)


def explain_failure(folder: Path, error: OSError) -> InputError | DiskFullError:
    """What it means that a suite cannot be written."""
    if error.errno in _FULL:
        return DiskFullError(
            f"No space left for the suite in {folder}; it is as it was.", "Free some space and save again."
        )
    return InputError(
        f"The suite cannot be written to {folder}: {error.strerror or error}.",
        "Choose a folder that you may write to, or copy the suite to your own ones.",
    )
