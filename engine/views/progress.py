"""Work in progress, read from the store: a run by its cases, an ingest by its job."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.operations.launching import log_path, read_log_tail
from engine.store import Store
from engine.store.liveness import is_alive, utc_now
from engine.store.queue import QueueStore
from engine.views.run_states import read_status
from engine.views.words import duration, plural

LAST_CASES = 6
START_LIMIT = timedelta(seconds=60)  # a process that has written nothing for so long will not begin any more
_EXIT = re.compile(r"\[exit code (-?\d+)\]\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCase:
    """A case that has just ended."""

    case_id: str
    status: str
    question: str
    latency_ms: float | None


class Counted:
    """Work whose parts are counted: ``status``, and ``done`` of ``total``."""

    __slots__ = ()
    status: str
    done: int
    total: int

    @property
    def fraction(self) -> float:
        """Share of the parts that have ended, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def active(self) -> bool:
        """Whether more is to come."""
        return self.status in ("waiting", "starting", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress(Counted):
    """How far a run is.

    Attributes:
        status: waiting, cancelled, starting, running, finished, interrupted or failed.
        seconds_left: an estimate from the pace so far; None before the first case.
        log: the end of the log; ``before``: how much is in the queue before it, None when it does not wait.
    """

    run_id: str
    suite: str
    status: str
    done: int
    total: int
    passed: int
    failed: int
    errors: int
    unscored: int
    elapsed: float
    seconds_left: float | None
    last: tuple[EndedCase, ...]
    pid: int | None
    error: str
    log: str
    log_file: str
    before: int | None

    @property
    def words(self) -> str:
        """How far, how long, how long still."""
        text = f"{self.done} of {plural(self.total, 'case')} after {duration(self.elapsed)}"
        if self.seconds_left is not None:
            return f"{text}, about {duration(self.seconds_left)} left"
        return (
            f"{text}; scoring them together"
            if self.status == "running" and self.done and self.done == self.total
            else text
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress(Counted):
    """How far an ingest is. ``status`` as for a run."""

    job_id: str
    status: str
    title: str
    message: str
    done: int
    total: int
    pid: int | None
    log: str


def load_run_progress(store: Store, run_id: str) -> RunProgress:
    """Counts, pace and the last cases of a run; a run whose process has not yet written its row is ``starting``."""
    path = log_path(run_id)
    rows = store.query("SELECT * FROM runs WHERE run_id = ?", [run_id])
    row: dict[str, Any] = rows[0] if rows else {}
    work = QueueStore(store).find_work(run_id)
    waiting = work is not None and work["status"] == "waiting"
    status = "waiting" if waiting else _read_or_guess(row, run_id, work)
    found = store.query("SELECT status, count(*) AS n FROM cases WHERE run_id = ? GROUP BY status", [run_id])
    counts = {r["status"]: int(r["n"]) for r in found}
    done, total = sum(counts.values()), int(row.get("cases") or 0)
    last = store.query(
        "SELECT case_id, status, question, latency_ms FROM cases WHERE run_id = ? ORDER BY ended_at DESC, position DESC "
        f"LIMIT {LAST_CASES}",
        [run_id],
    )
    elapsed = _elapsed(row)
    return RunProgress(
        run_id=run_id,
        suite=str(row.get("suite", "")),
        status=status,
        done=done,
        total=total,
        passed=counts.get("passed", 0),
        failed=counts.get("failed", 0),
        errors=counts.get("error", 0),
        unscored=counts.get("unscored", 0),
        elapsed=elapsed,
        seconds_left=elapsed / done * (total - done) if done and status == "running" and done < total else None,
        last=tuple(EndedCase(**r) for r in last),
        pid=row.get("pid"),
        error=str(row.get("error") or ""),
        log=read_log_tail(path),
        log_file=str(path),
        before=work["before"] if work and waiting else None,
    )


def _read_or_guess(row: dict[str, Any], run_id: str, work: dict[str, Any] | None) -> str:
    """The run's state; ``starting`` while a worker of the queue has taken it and its process has not written yet."""
    taken = work is not None and work["kind"] == "run" and work["status"] == "started" and is_alive(work["pid"])
    if taken and (not row or (row["status"] != "running" and row["heartbeat_at"] < work["started_at"])):
        return "starting"
    if work is not None and work["status"] == "cancelled" and not row:
        return "cancelled"
    return read_resumed_status(row, run_id) if row else starting_status(run_id)


def load_job_progress(store: Store, job_id: str) -> JobProgress:
    """State of an ingest."""
    rows = store.query("SELECT * FROM jobs WHERE job_id = ?", [job_id])
    row: dict[str, Any] = rows[0] if rows else {}
    status = read_status(row) if row else starting_status(job_id)
    return JobProgress(
        job_id=job_id,
        status=status,
        title=str(row.get("title", "")),
        message=str(row.get("message", "")),
        done=int(row.get("done") or 0),
        total=int(row.get("total") or 0),
        pid=row.get("pid"),
        log=read_log_tail(log_path(job_id)) if status in ("failed", "interrupted", "starting") else "",
    )


def starting_status(identifier: str) -> str:
    """Of work without a row yet: ``failed`` when its log says that it ended or there is none, else ``starting``."""
    tail = read_log_tail(log_path(identifier))
    if not tail:
        return "failed"
    ended = _EXIT.search(tail)
    if ended is None:
        return "starting"
    return "finished" if ended.group(1) == "0" else "failed"


def read_resumed_status(row: dict[str, Any], identifier: str) -> str:
    """The row's status; ``starting`` when it ended early and its process has just been started again to resume it."""
    status = read_status(row)
    if status not in ("interrupted", "failed"):
        return status
    path = log_path(identifier)
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    except OSError:
        return status
    resumed = row["heartbeat_at"] < written and utc_now() - written < START_LIMIT
    return "starting" if resumed and _EXIT.search(read_log_tail(path)) is None else status


def _elapsed(row: dict[str, Any]) -> float:
    if not row:
        return 0.0
    if row["status"] == "running":
        started: datetime = row["started_at"]
        return max(0.0, (utc_now() - started).total_seconds())
    return float(row["seconds"] or 0.0)
