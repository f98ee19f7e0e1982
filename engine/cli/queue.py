"""``queue``: runs that wait for their turn."""

from __future__ import annotations

import signal
import sys
from typing import Annotated, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(queue)


def queue_run(suite: str, resume: str | None, json: bool) -> None:
    """Put this very command into the queue, under an id of its own or that of the run that it resumes."""
    from engine.evaluation.suites import load_suite
    from engine.identity import find_person
    from engine.operations.queue_worker import ensure_worker
    from engine.runs import make_run_id
    from engine.store import open_store
    from engine.store.queue import QueueStore

    loaded = load_suite(suite)
    given = [part for part in sys.argv[1:] if part not in ("--queue", "--json")]
    given.remove("run")
    given.remove(suite)
    run_id = resume or make_run_id(loaded.name)
    with open_store() as store:
        waiting = QueueStore(store)
        queue_id = waiting.add_work(
            kind="run",
            title=loaded.name,
            subject=run_id,
            arguments=["run", str(loaded.path), *given, "--run-id", run_id],
            who=find_person(),
        )
        work = waiting.find_work(run_id)
        before = work["before"] if work else 0
        ensure_worker(store)
    if json:
        print_json({"queue_id": queue_id, "run_id": run_id, "before": before})
    else:
        typer.echo(f"Queued as {run_id}; {before} before it. `python -m engine queue` lists what waits.")


def queue(
    cancel: Annotated[Optional[str], typer.Option(help="Take this waiting run out of the queue.")] = None,
    work: Annotated[
        bool, typer.Option("--work", help="Do what waits, one after the other, until nothing does.")
    ] = False,
    json: Json = False,
) -> None:
    """What waits for its turn. It lies in the store: a restart loses nothing, and the app goes on with it."""
    from engine.operations.queue_worker import work_queue
    from engine.store import open_store
    from engine.store.queue import QueueStore

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with open_store() as store:
        if cancel:
            QueueStore(store).cancel_work(cancel)
        if work:
            work_queue(store)
        rows = QueueStore(store).list_work()
    if json:
        print_json({"queue": rows})
        return
    from rich.table import Table

    table = Table("status", "queued (UTC)", "by")
    table.add_column("run", no_wrap=True, overflow="ignore")
    for row in rows:
        queued = f"{row['queued_at']:%m-%d %H:%M}"
        table.add_row(row["status"], queued, row["queued_by"], row["subject"])
    open_console().print(table if rows else "The queue is empty. Queue a run with: python -m engine run SUITE --queue")
