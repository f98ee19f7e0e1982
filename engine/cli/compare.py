"""``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json

if TYPE_CHECKING:
    from engine.evaluation.comparing import Comparison, PairComparison

ONE_SIDED = 8  # cases of one run alone that are named


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(compare)


def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN_A RUN_B [RUN]...", help="2 to 5 runs; the first is the baseline.")
    ],
    tolerance: Annotated[
        float, typer.Option(help="How much worse is no regression: in the measure's unit, of latency a share.")
    ] = 0.0,
    measure: Annotated[
        Optional[list[str]], typer.Option("--measure", help="Only this measure; repeat for more.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap and of sampled permutations.")] = 0,
    out: Annotated[Optional[Path], typer.Option(help="Also write a report to this folder.")] = None,
    format_: Annotated[str, typer.Option("--format", help="Of the report: any of html,pdf,md,json,csv.")] = "html,md",
    json: Json = False,
) -> None:
    """Hold runs against the first, case by case. Exit 0 no regression, 1 worse beyond tolerance and chance, 3 no data."""
    from engine.evaluation.comparing import compare_runs
    from engine.reports.comparison import parse_formats, write_comparison
    from engine.store import open_store

    formats = parse_formats(format_) if out else []
    with open_store() as store:
        found = compare_runs(store, runs, tolerance=tolerance, measures=measure or None, seed=seed)
        files = [str(path) for path in write_comparison(store, found, formats, out)] if out else []
    if json:
        print_json(found.as_json() | ({"files": files} if out else {}))
    else:
        _print_comparison(found)
        typer.echo("\n".join(files), nl=bool(files))
    raise typer.Exit(found.exit_code)


def _print_comparison(found: Comparison) -> None:
    from rich.markup import escape

    console = open_console()
    for run in found.runs:
        note = " (baseline)" if run is found.runs[0] else ""
        console.print(
            f"[bold]{run.label}[/bold]  {escape(run.run_id)}{note}: {run.passed} passed, {run.failed} failed, "
            f"{run.errors} errors, {run.unscored} unscored of {run.cases}"
        )
    for pair in found.pairs:
        _print_pair(pair)


def _print_pair(pair: PairComparison) -> None:
    from rich.markup import escape
    from rich.table import Table

    from engine.evaluation.comparing.wording import (
        VERDICT_MARKS,
        VERDICT_WORDS,
        write_bare,
        write_interval,
        write_p,
        write_value,
    )

    console = open_console()
    a, b = pair.a.label, pair.b.label
    console.print(f"\n[bold]{b} against {a}[/bold]  {escape(pair.sentence)}")
    for warning in pair.warnings:
        console.print(f"[yellow]![/yellow] {escape(warning)}")
    colours = {"better": "green", "worse": "red"}
    table = Table(box=None, padding=(0, 1), header_style="dim")
    wide = console.width >= 100
    for head in ("", "measure", a, b, "difference", "95 % interval", "p", *(["+ = −"] if wide else [])):
        text = head in ("", "measure")
        table.add_column(head, no_wrap=head != "measure", overflow="fold", justify="left" if text else "right")
    moved = [m for m in pair.measures if m.wins + m.losses or m.verdict == "not_comparable"]
    for m in moved:
        colour = colours.get(m.verdict, "")
        words = VERDICT_MARKS[m.verdict]
        table.add_row(
            f"[{colour}]{words}[/{colour}]" if colour else words,
            escape(m.measure),
            write_value(m.a, m.unit),
            write_value(m.b, m.unit),
            write_bare(m.difference, m.unit, "+"),
            write_interval(m.low, m.high, m.unit),
            write_p(m.p_adjusted).removeprefix("p ").removeprefix("= "),
            *([f"{m.wins} {m.ties} {m.losses}"] if wide else []),
        )
    if moved:
        console.print(table)
        seen = dict.fromkeys(m.verdict for m in moved)
        legend = "   ".join(f"{VERDICT_MARKS[v]} {VERDICT_WORDS[v]}" for v in seen)
        console.print(
            f"{legend}   Differences of rates in points; p after Holm; cases better, same, worse.", style="dim"
        )
    tied = [m.measure for m in pair.measures if m.n and m not in moved]
    if tied:
        console.print(f"The same on every case: {escape(', '.join(tied))}")
    for reason in dict.fromkeys(
        m.reason for m in pair.measures if m.verdict in ("not_comparable", "undecided", "no_data")
    ):
        names = ", ".join(m.measure for m in pair.measures if m.reason == reason)
        console.print(f"{escape(names)}: {escape(reason)}.", style="dim")
    for label, ids in ((a, pair.only_a), (b, pair.only_b)):
        if ids:
            more = f" and {len(ids) - ONE_SIDED} more" if len(ids) > ONE_SIDED else ""
            console.print(f"Only in {label}: {len(ids)} cases, {escape(', '.join(ids[:ONE_SIDED]))}{more}")
    console.print(f"{pair.flips['worse']} cases went from pass to fail, {pair.flips['better']} from fail to pass.")
