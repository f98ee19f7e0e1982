"""``gate``."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import format_number, open_console, print_json

Roadmap = Annotated[str, typer.Option(help="Name of the roadmap, such as narrative-agent.")]
Phase = Annotated[int, typer.Option(help="Number of the phase.")]
EXIT_CODES = {"pass": 0, "fail": 1, "no_data": 3}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(gate)


def gate(
    roadmap: Roadmap,
    phase: Phase,
    run: Annotated[Optional[str], typer.Option(help="Judge this run alone.")] = None,
    policy: Annotated[str, typer.Option(help="point: the value meets the goal; strict: its interval does.")] = "point",
    target: Annotated[Optional[str], typer.Option(help="Read runs of this target instead of the roadmap's.")] = None,
    json: Json = False,
) -> None:
    """Hold a phase's goals against what was measured. Exit 0 pass, 1 fail, 3 no data."""
    from engine.roadmap.gates import check_gate, check_policy
    from engine.roadmap.roadmaps import load_roadmap
    from engine.roadmap.sign_offs import build_evidence, hash_evidence, review_sign_offs
    from engine.store import open_store

    plan = load_roadmap(roadmap)
    with open_store() as store:
        found = check_gate(plan, phase, store, run_id=run, policy=check_policy(policy), target=target)
        signed = [row.as_json() for row in review_sign_offs(store, plan, phase, gate=found)]
    shown = found.as_json() | {"evidence_hash": hash_evidence(build_evidence(found)), "signoffs": signed}
    if json:
        print_json(shown)
    else:
        _print_gate(shown)
    raise typer.Exit(EXIT_CODES[shown["verdict"]])


def _print_gate(gate: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    signs = {"pass": "[green]✔ pass[/green]", "fail": "[red]✘ fail[/red]", "no_data": "[yellow]– no data[/yellow]"}
    table = Table("goal", "wanted", "measured", "95 % interval", "n", "verdict", "why")
    for goal in gate["goals"]:
        low, high = format_number(goal["low"]), format_number(goal["high"])
        table.add_row(
            escape(goal["title"]),
            goal["goal"],
            format_number(goal["value"]),
            f"{low} to {high}" if goal["low"] is not None else "-",
            str(goal["n"] or "-"),
            signs[goal["verdict"]] + (f"\nwaived until {goal['waiver']['expires_on']}" if goal["waiver"] else ""),
            escape(goal["reason"] + (f"; waived: {goal['waiver']['reason']}" if goal["waiver"] else "")),
        )
    console = open_console()
    waived = f", {gate['counts']['waived']} waived" if gate["counts"]["waived"] else ""
    console.print(f"[bold]{gate['roadmap']}[/bold], phase {gate['phase']}: {signs[gate['verdict']]}{waived}")
    console.print(table)
    for row in gate["signoffs"]:
        state = "the same evidence" if row["current"] else "not current; see signoffs"
        console.print(f"Signed by {escape(row['who'])}, {row['signed_at'][:10]}: {state}")
