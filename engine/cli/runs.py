"""``run``, ``runs``, ``show`` and ``cases``."""

from __future__ import annotations

import signal
from typing import Annotated, Any, Optional

import typer

from engine.cli.corpora import Json, Preset, Settings
from engine.cli.output import format_number, format_rate, open_console, print_json, show_progress

Run = Annotated[str, typer.Argument(help="Id of the run; `runs` lists them.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(runs)
    app.command()(show)
    app.command()(cases)


def run(
    suite: Annotated[str, typer.Argument(help="Name of a shipped suite, or the folder of one.")],
    set_: Settings = [],  # noqa: B006
    preset: Preset = None,
    target: Annotated[str, typer.Option(help="System under test.")] = "pipeline",
    limit: Annotated[Optional[int], typer.Option(help="Only the first N cases.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    resume: Annotated[Optional[str], typer.Option(help="Go on with an interrupted run.")] = None,
    run_id: Annotated[Optional[str], typer.Option(hidden=True)] = None,
    json: Json = False,
) -> None:
    """Run a suite, score every case, store the run. Ctrl-C keeps what was scored; --resume goes on."""
    from engine.runs import RunRequest, run_request
    from engine.settings import parse_assignments
    from engine.store import open_store

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    request = RunRequest(
        suite=suite,
        overrides=parse_assignments(set_),
        preset=preset,
        target=target,
        limit=limit,
        seed=seed,
        resume=resume,
        run_id=run_id,
    )
    with open_store() as store, show_progress(f"Running {suite}", json) as progress:
        summary = run_request(store, request, progress)
    if json:
        print_json(summary)
    else:
        _print_run(summary)
    if summary["status"] == "interrupted":
        typer.echo(f"Interrupted. Go on with: python -m engine run {suite} --resume {summary['run_id']}", err=True)
        raise typer.Exit(130)
    if summary["verdict"] == "fail":
        raise typer.Exit(1)


def runs(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    json: Json = False,
) -> None:
    """List runs, newest first."""
    from engine.store import RunStore, open_store

    with open_store() as store, RunStore(store) as run_store:
        rows = run_store.list_runs(limit=limit)
    if json:
        print_json({"runs": rows})
        return
    from rich.table import Table

    table = Table("status", "passed", "of", "started (UTC)")
    table.add_column("run", no_wrap=True, overflow="ignore")
    for row in rows:
        started = f"{row['started_at']:%m-%d %H:%M}"
        table.add_row(row["status"], str(row["passed"]), str(row["cases"]), started, row["run_id"])
    console = open_console()
    console.print(table if rows else "No runs yet. Start with: python -m engine run customer-service")


def show(run: Run, json: Json = False) -> None:
    """One run: its figures, settings and what made it."""
    from engine.runs import load_summary
    from engine.store import open_store

    with open_store() as store:
        summary = load_summary(store, run)
    if json:
        print_json(summary)
    else:
        _print_run(summary)


def cases(
    run: Run,
    failed: Annotated[bool, typer.Option("--failed", help="Only cases that failed or ended in an error.")] = False,
    json: Json = False,
) -> None:
    """The cases of a run with answers, contexts and scores."""
    from engine.store import RunStore, open_store

    with open_store() as store, RunStore(store) as run_store:
        run_store.load_run(run)
        rows = run_store.load_cases(run, failed=failed)
    if json:
        print_json({"run_id": run, "cases": rows})
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("case", "status", "quality", "question", "answer")
    for row in rows:
        texts = (escape((row[key] or "")[:70]) for key in ("question", "answer"))
        table.add_row(row["id"], row["status"], format_number(row["context_quality"], 2), *texts)
    open_console().print(table)


def _print_run(summary: dict[str, Any]) -> None:
    from rich.table import Table

    console = open_console()
    rate, quality, latency = summary["success_rate"], summary["context_quality"], summary["latency_ms"]
    console.print(f"[bold]{summary['suite']}[/bold]  {summary['run_id']}  {summary['status']}")
    console.print(
        f"success {format_rate(rate['value'], rate['low'], rate['high'])}  "
        f"({summary['passed']} passed, {summary['failed']} failed, {summary['errors']} errors, "
        f"{summary['unscored']} unscored of {summary['cases']})"
    )
    console.print(
        f"context quality {format_number(quality['mean'])}  latency p50 {format_number(latency['p50'], 1, ' ms')}, "
        f"p95 {format_number(latency['p95'], 1, ' ms')}  peak memory {format_number(summary['memory']['peak_mb'], 0, ' MB')}"
    )
    table = Table("measure", "mean", "95 % interval", "scored")
    for name, m in summary["measures"].items():
        interval = f"{format_number(m['low'])} to {format_number(m['high'])}" if m["low"] is not None else "-"
        table.add_row(name, format_number(m["mean"]), interval, f"{m['scored']} of {m['total']}")
    console.print(table)
    for rule in summary["pass_rules"]:
        console.print(f"rule {rule['name']} >= {rule['goal']}: {rule['verdict']}")
