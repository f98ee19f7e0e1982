"""The status strip beside every screen: who owns the store, what is running, which version."""

from __future__ import annotations

from dataclasses import dataclass

from engine.store import Store
from engine.store.queue import QueueStore
from engine.views.run_states import read_status
from engine.views.settings import read_version

ROLE_WORDS = {
    "owner": "This app serves the store.",
    "client": "Another process serves the store; this app is attached.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningWork:
    """A run, a sweep or an ingest in progress. ``identifier`` is its id, or a corpus' name."""

    kind: str
    identifier: str
    title: str
    done: int
    total: int

    @property
    def fraction(self) -> float:
        """Share done, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingWork:
    """Work in the queue. ``subject`` is the run's id."""

    queue_id: str
    title: str
    subject: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the strip shows."""

    role: str
    role_words: str
    version: str
    running: tuple[RunningWork, ...]
    waiting: tuple[WaitingWork, ...]


def load_frame(store: Store) -> Frame:
    """Store role, running work, version."""
    runs = store.query(
        "SELECT r.run_id, r.suite, r.status, r.pid, r.heartbeat_at, r.cases AS total, "
        "(SELECT count(*) FROM cases c WHERE c.run_id = r.run_id) AS done "
        "FROM runs r WHERE r.status = 'running' ORDER BY r.started_at"
    )
    jobs = store.query("SELECT * FROM jobs WHERE status = 'running' AND kind <> 'run' ORDER BY started_at")
    work = [
        RunningWork(kind="run", identifier=r["run_id"], title=r["suite"], done=r["done"], total=r["total"])
        for r in runs
        if read_status(r) == "running"
    ]
    sweeps = store.query(
        "SELECT s.sweep_id, s.suite, s.status, s.pid, s.heartbeat_at, s.planned AS total, "
        "(SELECT count(*) FROM trials t WHERE t.sweep_id = s.sweep_id) AS done "
        "FROM sweeps s WHERE s.status = 'running' ORDER BY s.started_at"
    )
    work += [
        RunningWork(kind="sweep", identifier=s["sweep_id"], title=s["suite"], done=s["done"], total=s["total"])
        for s in sweeps
        if read_status(s) == "running"
    ]
    work += _list_validations(store)
    work += [
        RunningWork(kind=j["kind"], identifier=j["subject"], title=j["title"], done=j["done"], total=j["total"])
        for j in jobs
        if read_status(j) == "running"
    ]
    names = WaitingWork.__dataclass_fields__
    waiting = [WaitingWork(**{name: row[name] for name in names}) for row in QueueStore(store).list_waiting()]
    return Frame(
        role=store.role,
        role_words=ROLE_WORDS.get(store.role, ""),
        version=read_version(),
        running=tuple(work),
        waiting=tuple(waiting),
    )


def _list_validations(store: Store) -> list[RunningWork]:
    """Validations at work, by their parts."""
    rows = store.query("SELECT * FROM validations WHERE status = 'running' ORDER BY started_at")
    return [
        RunningWork(
            kind="validation",
            identifier=row["validation_id"],
            title=f"Validation of {row['roadmap']}",
            done=sum(part["status"] in ("finished", "failed") for part in row["parts"]),
            total=len(row["parts"]),
        )
        for row in rows
        if read_status(row) == "running"
    ]
