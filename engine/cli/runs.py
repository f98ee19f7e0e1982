"""``run``, ``rescore``, ``runs`` and ``show``."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from engine.cli.corpora import Json, Preset, Settings
from engine.cli.output import format_number, format_rate, open_console, print_json, show_progress
from engine.cli.queue import queue_run

Run = Annotated[str, typer.Argument(help="Id of the run; `runs` lists them.")]


Measures = Annotated[
    Optional[list[str]], typer.Option("--measure", help="Measure to score instead of the suite's own; repeatable.")
]
Judge = Annotated[
    str, typer.Option(help="Judge of the measures that need a model: a saved one, or a model such as ollama/llama3.1.")
]
BudgetUsd = Annotated[Optional[float], typer.Option(help="Stop cleanly when the models have cost this much, in USD.")]
BudgetMinutes = Annotated[Optional[float], typer.Option(help="Stop cleanly after so many minutes of work.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(rescore)
    app.command()(runs)
    app.command()(show)


def run(
    suite: Annotated[str, typer.Argument(help="Name of a suite, or the folder of one.")],
    set_: Settings = [],  # noqa: B006
    preset: Preset = None,
    target: Annotated[
        str, typer.Option(help="System under test: a saved one, an address, module:function or a target's file.")
    ] = "pipeline",
    limit: Annotated[Optional[int], typer.Option(help="Only the first N cases.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    measure: Measures = None,
    judge: Judge = "",
    repeat: Annotated[int, typer.Option(help="Ask the whole suite so many times; each is a run of its own.")] = 1,
    case_timeout: Annotated[
        Optional[float], typer.Option(help="Seconds for one case; over it, it is an error.")
    ] = None,
    budget_usd: BudgetUsd = None,
    budget_minutes: BudgetMinutes = None,
    resume: Annotated[Optional[str], typer.Option(help="Go on with an interrupted run.")] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="With --resume: ask again what ended in an error, score again what failed.")
    ] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Wait for the runs before it; returns at once.")] = False,
    run_id: Annotated[Optional[str], typer.Option(hidden=True)] = None,
    json: Json = False,
) -> None:
    """Run a suite, score every case, store the run. Ctrl-C keeps what was scored; --resume goes on."""
    from engine.errors import InputError
    from engine.run_options import RunOptions
    from engine.runs import RunRequest, run_request
    from engine.settings import parse_assignments
    from engine.store import open_store

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if retry and not resume:
        raise InputError("--retry needs --resume RUN.", "Name the run whose errors are to be asked again.")
    request = RunRequest(
        suite=suite,
        overrides=parse_assignments(set_),
        preset=preset,
        target=target,
        limit=limit,
        seed=seed,
        options=RunOptions(
            measures=tuple(measure) if measure else None,
            judge=judge,
            case_timeout_s=case_timeout,
            budget_usd=budget_usd,
            budget_minutes=budget_minutes,
            repetitions=repeat,
        ),
        resume=resume,
        retry=retry,
        run_id=run_id,
    )
    if queue:
        queue_run(suite, resume, json)
        return
    with open_store() as store, show_progress(f"Running {suite}", json, log=run_id is not None) as progress:
        summary = run_request(store, request, progress)
    if json:
        print_json(summary)
    else:
        _print_run(summary)
    if summary["status"] == "interrupted":
        why = f"{summary['error']} " if summary["error"] else "Interrupted. "
        typer.echo(f"{why}Go on with: python -m engine run {suite} --resume {summary['run_id']}", err=True)
        raise typer.Exit(130)
    if summary["verdict"] == "fail":
        raise typer.Exit(1)


def rescore(
    run: Run,
    measure: Annotated[
        Optional[list[str]],
        typer.Option("--measure", help="Measure to score; those of the run by default; repeatable."),
    ] = None,
    judge: Annotated[str, typer.Option(help="Judge; one that is not the run's own scores beside it.")] = "",
    retry: Annotated[bool, typer.Option("--retry", help="Make failed scores anew, too.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Make every score of these measures anew.")] = False,
    budget_usd: BudgetUsd = None,
    budget_minutes: BudgetMinutes = None,
    json: Json = False,
) -> None:
    """Score a stored run again without asking the target: new measures, another judge, what failed."""
    from engine.jobs import journal_job
    from engine.operations.launching import new_id
    from engine.rescoring import RescoreRequest, rescore_run
    from engine.run_summaries import load_summary
    from engine.store import open_store

    request = RescoreRequest(
        run_id=run,
        measures=tuple(measure) if measure else None,
        judge=judge,
        retry=retry,
        again=again,
        budget_usd=budget_usd,
        budget_minutes=budget_minutes,
    )
    job = new_id("rescore")
    with open_store() as store, show_progress(f"Scoring {run}", json, log=not json) as progress:
        with journal_job(store, job, "rescore", f"Scoring {run}", run, progress) as report:
            outcome = rescore_run(store, request, report)
        summary = load_summary(store, run)
    if json:
        print_json(outcome | {"summary": summary})
    else:
        _print_run(summary)
        for warning in outcome["warnings"]:
            typer.echo(warning, err=True)
    if outcome["status"] == "interrupted":
        typer.echo(f"Stopped: {outcome['reason'] or 'interrupted'}. The same command goes on.", err=True)
        raise typer.Exit(130)


def runs(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    export: Annotated[
        Optional[tuple[str, Path]], typer.Option(metavar="RUN FILE", help="Write this run to a file instead.")
    ] = None,
    import_: Annotated[
        Optional[Path], typer.Option("--import", metavar="FILE", help="Take a run from such a file instead.")
    ] = None,
    json: Json = False,
) -> None:
    """List runs, newest first; or carry one from one machine to another as a file."""
    from engine.store import RunStore, open_store

    if export or import_:
        _transfer_run(export, import_, json)
        return
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


def _transfer_run(export: tuple[str, Path] | None, source: Path | None, json: bool) -> None:
    from engine.errors import InputError
    from engine.run_transfer import export_run, import_run
    from engine.store import open_store

    if export and source:
        raise InputError("Give one of --export and --import.")
    with open_store() as store:
        if export:
            run_id, path = export
            done, file = export_run(store, run_id, path.absolute()), path.absolute()
        elif source:
            done, file = import_run(store, source), source.absolute()
    if json:
        shown = {"run_id": done.run_id, "cases": done.cases, "sha256": done.sha256, "file": str(file)}
        print_json(shown if export else shown | {"added": done.added})
    elif export:
        typer.echo(f"{done.run_id}: {done.cases} cases written to {file}")
    else:
        typer.echo(f"{done.run_id}: {done.cases} cases {'imported' if done.added else 'were here already, the same'}")


def show(run: Run, json: Json = False) -> None:
    """One run: its figures, settings and what made it."""
    from engine.run_summaries import load_summary
    from engine.store import open_store

    with open_store() as store:
        summary = load_summary(store, run)
    if json:
        print_json(summary)
    else:
        _print_run(summary)


def _print_run(summary: dict[str, Any]) -> None:
    from rich.markup import escape
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
    if summary["degraded_count"]:
        console.print(
            f"[yellow]degraded {summary['degraded_count']} of {summary['cases']}[/yellow], most often: "
            f"{escape(summary['degraded_reason'])}"
        )
    table = Table("measure", "mean", "95 % interval", "scored")
    for name, m in summary["measures"].items():
        interval = f"{format_number(m['low'])} to {format_number(m['high'])}" if m["low"] is not None else "-"
        lacking = "".join(f", {m[status]} {status}" for status in ("failed", "unjudged") if m[status])
        table.add_row(name, format_number(m["mean"]), interval, f"{m['scored']} of {m['total']}{lacking}")
    console.print(table)
    for rule in summary["pass_rules"]:
        sign = "<=" if rule["direction"] == "at most" else ">="
        console.print(f"rule {rule['name']} {sign} {rule['goal']}: {rule['verdict']}")
