"""Whether a process of this machine is there, and whether it can answer."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

SILENCE = timedelta(seconds=30)
"""A running run or job that has not been heard of for so long was killed."""


def utc_now() -> datetime:
    """The present, as the store keeps times: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def is_alive(pid: int) -> bool:
    """Whether the process runs. One that ended but was not yet reaped by its parent does not."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process_state(pid) != "Z"


def process_state(pid: int) -> str:
    """The kernel's letter for the process (``R``, ``S``, ``T`` stopped, ``Z`` ended); empty where it is not known."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]
