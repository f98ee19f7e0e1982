"""Starting long work: the same commands that a person would type, as processes of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.operations.launching import new_id, start_command


def start_run(
    suite: str, *, preset: str = "", overrides: Mapping[str, Any] | None = None, limit: int | None = None, seed: int = 0
) -> str:
    """Starts a suite; its run's id."""
    run_id = new_id("run")
    arguments = ["run", suite, "--run-id", run_id, "--seed", str(seed)]
    arguments += ["--preset", preset] if preset else []
    arguments += ["--limit", str(limit)] if limit else []
    for name, value in (overrides or {}).items():
        arguments += ["--set", f"{name}={value}"]
    start_command(arguments, run_id)
    return run_id


def resume_run(suite: str, run_id: str) -> str:
    """Goes on with an interrupted run."""
    start_command(["run", suite, "--resume", run_id], run_id)
    return run_id


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
