"""``serve`` and ``doctor``."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json, show_progress

SAMPLE_SUITES = ("customer-service", "stories", "runbooks")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(doctor)


def serve(
    port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    samples: Annotated[bool, typer.Option(help="Run the sample suites first when nothing has been run yet.")] = False,
) -> None:
    """Start the dashboard."""
    from engine.errors import InputError
    from engine.operations.doctor import is_port_free
    from engine.settings import ROOT, home

    if not is_port_free(address, port):
        raise InputError(
            f"Port {port} on {address} is taken by another program.",
            f"Choose another: python -m engine serve --port {port + 1}",
        )
    if samples:
        _run_samples()
    os.environ["PHASEGATE_HOME"] = str(home())
    os.chdir(ROOT)
    typer.echo(f"Phasegate: http://{address}:{port}", err=True)
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "Home.py",
        "--server.port",
        str(port),
        "--server.address",
        address,
    ]
    os.execv(sys.executable, [*command, "--server.headless", "true"])


def _run_samples() -> None:
    """Fill an empty store, so that the first screen shows something real."""
    from engine.runs import RunRequest, run_request
    from engine.store import RunStore, open_store

    with open_store() as store:
        with RunStore(store) as runs:
            if runs.count_runs():
                return
        for suite in SAMPLE_SUITES:
            typer.echo(f"Running the sample suite {suite} ...", err=True)
            with show_progress(suite, quiet=False) as progress:
                summary = run_request(store, RunRequest(suite=suite, overrides={}), progress)
            typer.echo(f"  {summary['passed']} of {summary['cases']} cases passed", err=True)


def doctor(json: Json = False) -> None:
    """Check this machine, the model, the store, free disk and the port; say what to do. Exit 4 when something is broken."""
    from engine.operations.doctor import run_doctor
    from engine.settings import home

    checks = run_doctor(home())
    if json:
        print_json({"checks": [check.as_json() for check in checks], "ok": all(c.status != "fail" for c in checks)})
    else:
        signs = {"ok": "[green]✔[/green]", "warn": "[yellow]![/yellow]", "fail": "[red]✘[/red]"}
        console = open_console()
        for check in checks:
            console.print(f"{signs[check.status]} {check.name}: {check.detail}")
            if check.advice:
                console.print(f"    → {check.advice}", style="bold")
    if any(check.status == "fail" for check in checks):
        raise typer.Exit(4)
