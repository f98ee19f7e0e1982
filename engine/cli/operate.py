"""``serve`` and ``doctor``."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Optional

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
    sign_in: Annotated[
        Optional[bool],
        typer.Option(help="Ask everybody for a token, on the screens too. By default off 127.0.0.1 only."),
    ] = None,
) -> None:
    """Start the dashboard and the HTTP API."""
    from engine.errors import InputError
    from engine.operations.doctor import is_port_free
    from engine.settings import ROOT, home

    if not is_port_free(address, port):
        raise InputError(
            f"Port {port} on {address} is taken by another program.",
            f"Choose another: python -m engine serve --port {port + 1}",
        )
    _prepare_sign_in(address, sign_in)
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


def _prepare_sign_in(address: str, sign_in: bool | None) -> None:
    """Settle who may come in, before anybody can; refuse to open to other machines when nobody could sign in."""
    from engine.api.access import SIGN_IN_VARIABLE, TOKEN_VARIABLE, read_policy
    from engine.errors import InputError
    from engine.store import open_store
    from engine.store.tokens import TokenStore

    if sign_in is not None:
        os.environ[SIGN_IN_VARIABLE] = "on" if sign_in else "off"
    policy = read_policy(address)
    if policy.sign_in and not os.environ.get(TOKEN_VARIABLE):
        with open_store() as store:
            tokens = TokenStore(store).list_tokens()
        if not any(token.state() == "live" and "screens" in token.scopes for token in tokens):
            raise InputError(
                f"On {address} everybody has to sign in, and there is no token to sign in with.",
                "Create one: python -m engine tokens --create NAME --scope screens (or set PHASEGATE_TOKEN). Where only this "
                "machine can reach the port, as with a container published on 127.0.0.1, --no-sign-in will do.",
                guide="docs/guide/api.md#access",
            )
    if policy.listens_off_loopback and not policy.sign_in:
        typer.echo("Nobody is asked to sign in: whoever reaches this port can do everything.", err=True)


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
