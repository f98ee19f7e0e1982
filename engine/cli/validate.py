"""``validate``: all that a phase needs, run, gated and reported by one command."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json, show_progress
from engine.errors import InputError

EXIT_CODES = {"pass": 0, "fail": 1, "no_data": 3}
SIGNS = {"pass": "[green]✔ pass[/green]", "fail": "[red]✘ fail[/red]", "no_data": "[yellow]– no data[/yellow]"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(validate)


def validate(
    roadmap: Annotated[str, typer.Option(help="Name of the roadmap, such as narrative-agent.")] = "",
    phase: Annotated[int, typer.Option(help="Number of the phase.")] = 0,
    part: Annotated[list[str], typer.Option(help="Only this part; may be given several times.")] = [],  # noqa: B006
    fresh: Annotated[bool, typer.Option("--fresh", help="Run suites and benchmarks again.")] = False,
    policy: Annotated[str, typer.Option(help="point or strict, as in gate.")] = "point",
    out: Annotated[Optional[Path], typer.Option(help="Folder of the report; by default one in the home.")] = None,
    format_: Annotated[str, typer.Option("--format", help="Of the phase report: html,pdf,md,json,csv,junit.")] = (
        "html,md,json"
    ),
    resume: Annotated[Optional[str], typer.Option(help="Go on with an interrupted validation.")] = None,
    validation_id: Annotated[str, typer.Option(hidden=True)] = "",
    json: Json = False,
) -> None:
    """Run what a phase needs, gate it, write the report. Exit 0 pass, 1 fail, 3 no data, 130 interrupted."""
    from engine.reports import parse_formats
    from engine.store import open_store
    from engine.validation.parts import Request
    from engine.validation.validate import run_validation

    if not resume and not (roadmap and phase):
        raise InputError("validate needs --roadmap and --phase, or --resume.", "validate --roadmap R --phase N")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    request = Request(
        roadmap=roadmap,
        phase=phase,
        parts=tuple(part),
        fresh=fresh,
        policy=policy,
        validation_id=validation_id,
    )
    formats = parse_formats(format_)
    with open_store() as store, show_progress("Validating", json) as progress:
        summary = run_validation(store, request, out, formats, resume=resume or "", progress=progress)
    if json:
        print_json(summary)
    else:
        _print_validation(summary)
    if summary["status"] == "interrupted":
        typer.echo(f"Interrupted. Go on with: python -m engine validate --resume {summary['validation_id']}", err=True)
        raise typer.Exit(130)
    raise typer.Exit(EXIT_CODES[summary["verdict"]])


def _print_validation(summary: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = open_console()
    verdict = SIGNS.get(summary["verdict"] or "", "interrupted")
    console.print(f"[bold]{summary['roadmap']}[/bold], phase {summary['phase']}: {verdict}")
    table = Table("part", "verdict", "seconds", "what was found")
    for part in summary["parts"]:
        shown = SIGNS[part["verdict"]] if part["required"] else "[dim]not needed[/dim]"
        shown = shown if part["status"] in ("finished", "failed") else part["status"]
        table.add_row(part["title"], shown, f"{part['seconds']:.1f}", escape(part["reason"]))
    console.print(table)
    for path in summary["files"]:
        console.print(path, soft_wrap=True, markup=False)
