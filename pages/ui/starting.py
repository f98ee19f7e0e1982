"""Starting long work: the same commands that a person would type, as processes of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.operations.launching import new_id, start_command
from engine.operations.queue_worker import ensure_worker
from engine.run_options import RunOptions
from engine.store.queue import QueueStore
from pages.ui.person import get_person
from pages.ui.resources import get_store


def start_run(
    suite: str,
    *,
    preset: str = "",
    overrides: Mapping[str, Any] | None = None,
    limit: int | None = None,
    seed: int = 0,
    target: str = "",
    options: RunOptions | None = None,
) -> str:
    """Queues a run of a suite, which begins at once when nothing else is at work; its id."""
    run_id = new_id("run")
    arguments = ["run", suite, "--run-id", run_id, "--seed", str(seed)]
    arguments += ["--preset", preset] if preset else []
    arguments += ["--limit", str(limit)] if limit else []
    arguments += ["--target", target] if target else []
    arguments += (options or RunOptions()).as_arguments()
    for name, value in (overrides or {}).items():
        arguments += ["--set", f"{name}={value}"]
    _queue("run", suite, run_id, arguments)
    return run_id


def resume_run(suite: str, run_id: str, *, retry: bool = False) -> str:
    """Goes on with an interrupted run; with ``retry`` also asks again what ended in an error."""
    _queue(
        "run", suite, run_id, ["run", suite, "--resume", run_id, "--run-id", run_id, *(["--retry"] if retry else [])]
    )
    return run_id


def start_rescore(run_id: str, *, measures: Sequence[str] = (), judge: str = "", retry: bool = False) -> str:
    """Queues new scores of a stored run; its id."""
    arguments = ["rescore", run_id]
    arguments += [part for name in measures for part in ("--measure", name)]
    arguments += ["--judge", judge] if judge else []
    arguments += ["--retry"] if retry else []
    _queue("rescore", run_id, run_id, arguments)
    return run_id


def _queue(kind: str, title: str, subject: str, arguments: Sequence[str]) -> None:
    store = get_store()
    QueueStore(store).add_work(
        kind=kind, title=Path(title).name, subject=subject, arguments=arguments, who=get_person()
    )
    ensure_worker(store)


def start_ingest(corpus: str, paths: Sequence[str], overrides: Mapping[str, Any] | None = None) -> str:
    """Starts an ingest; its job's id."""
    job_id = new_id("ingest")
    arguments = ["ingest", *paths, "--corpus", corpus, "--job-id", job_id]
    for name, value in (overrides or {}).items():
        arguments += ["--set", f"{name}={value}"]
    start_command(arguments, job_id)
    return job_id


def start_sweep(arguments: Sequence[str]) -> str:
    """Starts a sweep with the arguments of its command; its id."""
    sweep_id = new_id("sweep")
    start_command([*arguments, "--sweep-id", sweep_id], sweep_id)
    return sweep_id


def resume_sweep(suite: str, sweep_id: str) -> str:
    """Goes on with an interrupted sweep."""
    start_command(["sweep", suite, "--resume", sweep_id], sweep_id)
    return sweep_id
