"""Files of JSON objects, one a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import FileFormatError, InputError


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file, empty lines left out.

    Raises:
        InputError: the file cannot be read.
        FileFormatError: a line is no JSON object.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _parse(path, number, line)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} could not be read: {error}.") from error


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise FileFormatError(path, f"expected a JSON object, found {line.strip()[:60]!r}", line=number) from error
    if not isinstance(row, dict):
        raise FileFormatError(path, f"expected a JSON object, found {type(row).__name__}", line=number)
    return row
