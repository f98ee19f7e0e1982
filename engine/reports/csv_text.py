"""CSV cells that a spreadsheet takes for what they are: numbers with all of their digits, text that it cannot run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.guard.inert import write_cell

PART = 500  # lines


def write_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in parts of a few hundred lines, so that a long one is never whole in memory."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([write_cell(name) for name in head])
    for number, row in enumerate(rows, 1):
        writer.writerow([write_cell(value) for value in row])
        if number % PART == 0:
            yield buffer.getvalue().encode("utf-8")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8")
