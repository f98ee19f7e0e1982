"""A sweep at work, read from the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.operations.launching import log_path, read_log_tail
from engine.store import Store
from engine.store.liveness import utc_now
from engine.views.progress import Counted, read_resumed_status, starting_status
from engine.views.words import decimal, duration, plural, setting_value


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepProgress(Counted):
    """How far a sweep is.

    Attributes:
        status: starting, running, finished, interrupted or failed.
        message: what it does before its first trial.
        best: the best setting so far, in words.
        log: the end of the log where the work failed, else empty.
    """

    sweep_id: str
    suite: str
    suite_path: str
    status: str
    done: int
    total: int
    message: str
    best: str
    elapsed: float
    seconds_left: float | None
    pid: int | None
    error: str
    log: str
    log_file: str

    @property
    def words(self) -> str:
        """How far, how long, how long still."""
        if self.status == "running" and not self.done:
            return f"{self.message[:1].upper()}{self.message[1:]} …" if self.message else "Opening the suite …"
        text = f"{self.done} of {plural(self.total, 'setting')} after {duration(self.elapsed)}"
        return text if self.seconds_left is None else f"{text}, about {duration(self.seconds_left)} left"


def load_sweep_progress(store: Store, sweep_id: str) -> SweepProgress:
    """Trials, pace and the best so far; a sweep whose process has not yet written its row is ``starting``."""
    path = log_path(sweep_id)
    rows = store.query("SELECT * FROM sweeps WHERE sweep_id = ?", [sweep_id])
    row: dict[str, Any] = rows[0] if rows else {}
    status = read_resumed_status(row, sweep_id) if row else starting_status(sweep_id)
    counts = store.query(
        "SELECT count(*) AS done, coalesce(sum(seconds), 0) AS worked, max(ended_at) - min(ended_at) AS span"
        " FROM trials WHERE sweep_id = ?",
        [sweep_id],
    )[0]
    done, total = int(counts["done"]), int(row.get("planned") or 0)
    pace = counts["span"].total_seconds() / (done - 1) if done > 1 else None
    return SweepProgress(
        sweep_id=sweep_id,
        suite=str(row.get("suite", "")),
        suite_path=str(row.get("suite_path", "")),
        status=status,
        done=done,
        total=total,
        message=str(row.get("message") or ""),
        best=_describe_best(store, row),
        elapsed=_elapsed(row),
        seconds_left=pace * (total - done) if pace is not None and status == "running" and done < total else None,
        pid=row.get("pid"),
        error=str(row.get("error") or ""),
        log=read_log_tail(path) if status in ("failed", "starting") else "",
        log_file=str(path),
    )


def _describe_best(store: Store, row: dict[str, Any]) -> str:
    if not row:
        return ""
    goal = row["goal"]
    rows = store.query(
        "SELECT settings, CAST(json_extract(measures, ?) AS DOUBLE) AS score FROM trials"
        " WHERE sweep_id = ? AND status = 'finished' ORDER BY score DESC NULLS LAST, number LIMIT 1",
        [f'$."{goal}".mean', row["sweep_id"]],
    )
    if not rows or rows[0]["score"] is None:
        return ""
    settings = ", ".join(f"{name} {setting_value(value)}" for name, value in rows[0]["settings"].items())
    return f"Best so far: {goal} {decimal(rows[0]['score'])} on the choosing half with {settings}."


def _elapsed(row: dict[str, Any]) -> float:
    if not row:
        return 0.0
    if row["status"] == "running":
        return max(0.0, float((utc_now() - row["started_at"]).total_seconds()))
    return float(row["seconds"] or 0.0)
