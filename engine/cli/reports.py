"""``report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    out: Annotated[Path, typer.Option(help="Folder to write to; it is made.")],
    roadmap: Annotated[Optional[str], typer.Option(help="Of a phase: name of the roadmap.")] = None,
    phase: Annotated[Optional[int], typer.Option(help="Of a phase: its number.")] = None,
    run: Annotated[Optional[str], typer.Option(help="Of this run.")] = None,
    compare: Annotated[
        Optional[list[str]], typer.Option("--compare", help="Of a comparison: 2 to 5 runs, the baseline first.")
    ] = None,
    policy: Annotated[str, typer.Option(help="Of a phase: point or strict, as for gate.")] = "point",
    tolerance: Annotated[float, typer.Option(help="Of a comparison: as for compare.")] = 0.0,
    format_: Annotated[str, typer.Option("--format", help="Any of html,pdf,md,json,csv,junit.")] = "html,pdf",
    all_cases: Annotated[
        bool, typer.Option("--all-cases", help="Of a run: every case in JUnit, and a CSV with a line per case.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a report of a phase, of a run, or of a comparison; the figures are the same in every format."""
    from engine.reports import check_request, write_comparison_report, write_report, write_run_report
    from engine.roadmap.gates import check_policy
    from engine.roadmap.roadmaps import load_roadmap
    from engine.store import open_store

    kind = check_request(roadmap, phase, run, compare or (), format_)
    plan = load_roadmap(roadmap) if roadmap else None
    with open_store() as store:
        if kind == "run":
            files = write_run_report(store, run or "", format_, out, all_cases=all_cases)
        elif kind == "comparison":
            files = write_comparison_report(store, compare or (), format_, out, tolerance=tolerance)
        else:
            files = write_report(plan or "", phase or 0, format_, out, store, policy=check_policy(policy))
    shown = [str(path) for path in files]
    if json:
        print_json({"kind": kind, "files": shown})
    else:
        typer.echo("\n".join(shown))
