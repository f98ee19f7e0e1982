"""Rows of a screen as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from engine.guard.inert import write_cell


def build_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """CSV text, the columns in the order of the first row. A cell that a spreadsheet would run is quoted with ``'``."""
    if not rows:
        return ""
    file = io.StringIO()
    names = list(rows[0])
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([write_cell(name) for name in names])
    writer.writerows([write_cell(row.get(name)) for name in names] for row in rows)
    return file.getvalue()
