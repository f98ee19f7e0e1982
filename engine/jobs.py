"""A long command as a job: its progress goes into the store, so that any screen can follow it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.store import JobStore, Store

Progress = Callable[[int, int, str], None]
SECONDS_BETWEEN_UPDATES = 0.5


@contextmanager
def journal_job(
    store: Store, job_id: str | None, kind: str, title: str, subject: str, progress: Progress
) -> Iterator[Progress]:
    """Give a progress callback that also journals, and record how the work ended. Without an id nothing is journaled."""
    if job_id is None:
        yield progress
        return
    jobs = JobStore(store)
    known = jobs.find_job(job_id)
    jobs.record_job(
        job_id=job_id, kind=kind, title=title, subject=subject, log_path=known["log_path"] if known else None
    )
    last = 0.0

    def report(done: int, total: int, message: str) -> None:
        nonlocal last
        progress(done, total, message)
        if time.monotonic() - last >= SECONDS_BETWEEN_UPDATES:
            last = time.monotonic()
            jobs.update_job(job_id, done=done, total=total, message=message)

    try:
        yield report
    except BaseException as error:
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        jobs.update_job(job_id, status=status, message=str(error) or status)
        raise
    jobs.update_job(job_id, status="finished", message="done")
