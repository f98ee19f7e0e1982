"""Values of ours as JSON, for the command line and the HTTP API alike."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any


def encode_value(value: Any) -> Any:
    """``default=`` of ``json.dumps``: times as ISO (UTC, with Z), paths as text, numpy's numbers as numbers.

    Raises:
        TypeError: a value that has no JSON form.
    """
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + ("Z" if value.tzinfo is None else "")
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")
