"""Writes a report's files: whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.errors import DiskFullError, InputError

_FULL = (errno.ENOSPC, errno.EDQUOT)


def check_folder(folder: Path) -> Path:
    """The folder as an absolute path, made when it is missing, before anything is rendered.

    Raises:
        InputError: it is a file, or may not be made or written.
        DiskFullError: no space left.
    """
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _explain(folder, error) from error
    return folder


def write_files(contents: Mapping[Path, bytes | Iterable[bytes]]) -> list[Path]:
    """Write each file, whole or in parts, beside its place and move it there: a reader sees the old one or the new one.

    Raises:
        InputError, DiskFullError: nothing half-written is left.
    """
    staged: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            staged[path] = _stage(path, content)
        for path, part in staged.items():
            part.replace(path)
    except OSError as error:
        raise _explain(next(iter(contents)).parent, error) from error
    finally:
        _remove(staged.values())
    return list(contents)


def _stage(path: Path, content: bytes | Iterable[bytes]) -> Path:
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            for piece in (content,) if isinstance(content, bytes) else content:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def _remove(parts: Iterable[Path]) -> None:
    for part in parts:
        part.unlink(missing_ok=True)


def _explain(folder: Path, error: OSError) -> InputError | DiskFullError:
    if error.errno in _FULL:
        return DiskFullError(
            f"No space left for the report in {folder}; nothing was written.",
            "Free some space, or choose a folder on another disk with --out.",
        )
    return InputError(
        f"The report cannot be written to {folder}: {error.strerror or error}.",
        "Choose a folder that you may write to with --out.",
    )
