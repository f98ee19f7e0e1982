"""``sweep``."""

from __future__ import annotations

import signal
from typing import Annotated, Any, Optional

import typer

from engine.cli.corpora import Json, Preset, Settings
from engine.cli.output import format_number, open_console, print_json, show_progress

SHOWN = ("quality", "iou", "tokens")
ROWS = 60


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sweep)


def sweep(
    suite: Annotated[str, typer.Argument(help="Name of a shipped suite, or the folder of one.")],
    grid: Annotated[
        list[str], typer.Option(metavar="NAME=VALUES", help="A setting and its values (256,512) or range (200:2000).")
    ] = [],  # noqa: B006
    set_: Settings = [],  # noqa: B006
    preset: Preset = None,
    search: Annotated[str, typer.Option(help="grid: every combination; random; bayesian: learns on the way.")] = "grid",
    trials: Annotated[Optional[int], typer.Option(help="How many to try, random and bayesian. Default 50.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search, the split and the intervals.")] = 0,
    measure: Annotated[Optional[str], typer.Option(help="What the best is best at. Default recall.")] = None,
    limit: Annotated[Optional[int], typer.Option(help="Only the first N cases.")] = None,
    resume: Annotated[Optional[str], typer.Option(help="Go on with an interrupted sweep.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Make the best settings the saved defaults.")] = False,
    sweep_id: Annotated[Optional[str], typer.Option(hidden=True)] = None,
    json: Json = False,
) -> None:
    """Try many settings on a suite; find the best on one half of its cases, report it on the other."""
    from engine.evaluation.sweep_plan import SweepRequest
    from engine.settings import parse_assignments
    from engine.store import open_store
    from engine.sweep_results import save_best
    from engine.sweeps import run_sweep

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    request = SweepRequest(
        suite=suite,
        grid=grid,
        overrides=parse_assignments(set_),
        preset=preset,
        search=search,
        trials=trials,
        seed=seed,
        measure=measure,
        limit=limit,
        resume=resume,
        sweep_id=sweep_id,
    )
    with open_store() as store, show_progress(f"Sweeping {suite}", json) as progress:
        summary = run_sweep(store, request, progress)
        if save and summary["status"] == "finished":
            summary["saved"] = save_best(store, summary["sweep_id"])
    if json:
        print_json(summary)
    else:
        _print_sweep(summary)
    if summary["status"] == "interrupted":
        typer.echo(f"Interrupted. Go on with: python -m engine sweep {suite} --resume {summary['sweep_id']}", err=True)
        raise typer.Exit(130)


def _print_sweep(summary: dict[str, Any]) -> None:
    from engine.evaluation.sweep_words import describe_best, describe_difference, describe_importance

    console = open_console()
    console.print(f"[bold]{summary['suite']}[/bold]  {summary['sweep_id']}  {summary['status']}")
    console.print(
        f"{len(summary['trials'])} settings in {summary['seconds']:.1f} s; {summary['embedded']:,} documents embedded, "
        f"{summary['reused']:,} reused"
    )
    if summary["best"] is None:
        return
    _print_trials(summary)
    if summary["best"]["number"] != (summary["baseline"] or {}).get("number"):
        _print_comparison(summary)
    console.print(describe_importance(summary["importance"]), markup=False, soft_wrap=True)
    for note in summary["notes"]:
        console.print(f"[yellow]Note:[/yellow] {note}", soft_wrap=True)
    console.print(f"{describe_best(summary)} {describe_difference(summary)}", markup=False, soft_wrap=True)
    if "saved" in summary:
        console.print("Saved as the defaults of the Ask and Suites screens.")


def _print_trials(summary: dict[str, Any]) -> None:
    from rich.table import Table

    goal = summary["goal"]
    names = [space["name"] for space in summary["space"]]
    shown = [name for name in dict.fromkeys((goal, *SHOWN)) if name in summary["best"]["choosing"]]
    heads = (name.replace("_", " ") for name in names)
    table = Table("", *heads, *shown, "ms", title=f"On the {summary['choosing']} questions that choose", padding=(0, 0))
    finished = [t for t in summary["trials"] if t["status"] == "finished"]
    finished.sort(key=lambda t: -(t["measures"][goal]["mean"] or 0.0))
    for trial in finished[:ROWS]:
        marks = _mark(summary, trial)
        figures = (format_number(trial["measures"][n]["mean"], 0 if n == "tokens" else 3) for n in shown)
        values = (str(trial["settings"][n]) for n in names)
        table.add_row(marks, *values, *figures, format_number(trial["latency_ms"], 1))
    console = open_console()
    console.print(table)
    if len(finished) > ROWS:
        console.print(f"{len(finished) - ROWS} more: --json has them all.")
    for trial in summary["trials"]:
        if trial["status"] == "skipped":
            values = ", ".join(f"{name}={value}" for name, value in trial["settings"].items())
            console.print(f"  skipped {values}: {trial['reason']}", markup=False, soft_wrap=True)
    console.print("★ best, P on the Pareto front of the goal and tokens, B start of the sweep", style="dim")


def _mark(summary: dict[str, Any], trial: dict[str, Any]) -> str:
    number = trial["number"]
    marks = {
        "★": number == summary["best"]["number"],
        "P": trial["on_front"],
        "B": summary["baseline"] is not None and number == summary["baseline"]["number"],
    }
    return "".join(mark for mark, holds in marks.items() if holds)


def _print_comparison(summary: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(
        "measure", "best", "start", "difference", "95 % interval", "p",
        title=f"Best against where it started, on the {summary['held_out']} held-out questions",
    )  # fmt: skip
    best, start = summary["best"]["held_out"], (summary["baseline"] or {}).get("held_out", {})
    for name, found in summary["comparison"].items():
        if not found["n"]:
            continue
        digits = 0 if name == "tokens" else 3
        interval = f"{format_number(found['low'], digits)} to {format_number(found['high'], digits)}"
        table.add_row(
            name,
            format_number(best[name]["mean"], digits),
            format_number(start[name]["mean"], digits),
            f"{found['difference']:+.{digits}f}",
            interval,
            format_number(found["p"], 4),
        )
    open_console().print(table)
