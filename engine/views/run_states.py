"""What state a run is in, as all screens say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.store.liveness import SILENCE, is_alive, utc_now

STATE_WORDS = {
    "running": "Running",
    "finished": "Finished",
    "interrupted": "Interrupted",
    "failed": "Failed",
    "starting": "Starting",
    "waiting": "Waiting",
}
STATE_MARKS = {"running": "▶", "finished": "✔", "interrupted": "‖", "failed": "✘"}  # for cells that hold text alone


def read_status(row: Mapping[str, Any]) -> str:
    """The status of a row of ``runs`` or ``jobs``: running work that is silent or whose process is gone is interrupted."""
    if row["status"] != "running":
        return str(row["status"])
    heard = row.get("heartbeat_at") or row.get("updated_at")
    if heard is not None and heard < utc_now() - SILENCE:
        return "interrupted"
    return "running" if is_alive(int(row["pid"])) else "interrupted"
