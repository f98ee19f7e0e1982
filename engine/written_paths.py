"""Paths as people write them: in a command, in a box, in a link."""

from __future__ import annotations

from pathlib import Path


def find_written_path(text: str | Path) -> Path | None:
    """The file or folder that a text names; None where there is none, and where the text cannot be a path at all."""
    if not str(text).strip():
        return None
    try:
        path = Path(text).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # longer than a name may be, a home of nobody, a folder that is closed
        return None
