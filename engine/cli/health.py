"""``health``."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(health)


def health(
    deep: Annotated[
        bool, typer.Option("--deep", help="Check every part, not only whether a question could be answered.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Build damaged indexes and model graphs again; checks deeply.")
    ] = False,
    call: Annotated[
        bool,
        typer.Option("--call", help="Ask every provider a short question, which may cost something; checks deeply."),
    ] = False,
    url: Annotated[str, typer.Option(help="Where the app is served; its API is then checked too.")] = "",
    json: Json = False,
) -> None:
    """Whether questions can be answered here, or how each part is. Exit 4 when a part fails."""
    from engine.errors import PhasegateError
    from engine.operations.health import describe_checks, summarise
    from engine.operations.health_checks import run_deep_checks, run_ready_checks
    from engine.settings import home
    from engine.store import open_store

    folder = home()
    try:
        kept = open_store(folder)  # held, so that the checks do not open and close the store one after the other
    except PhasegateError:
        kept = None  # the store's own check says why
    if deep or repair or call or url:
        checks = run_deep_checks(folder, api_url=url, repair=repair, call=call)
    else:
        checks = run_ready_checks(folder)
    if kept is not None:
        kept.close()
    if json:
        print_json(describe_checks(checks))
    else:
        signs = {"ok": "[green]✔[/green]", "warn": "[yellow]![/yellow]", "fail": "[red]✘[/red]"}
        console = open_console()
        for check in checks:
            console.print(f"{signs[check.status]} ", end="")
            console.print(f"{check.name} ({check.latency_ms:,.0f} ms): {check.reason}", markup=False)
            if check.advice:
                console.print(f"    → {check.advice}", style="bold", markup=False)
    if summarise(checks) == "fail":
        raise typer.Exit(4)
