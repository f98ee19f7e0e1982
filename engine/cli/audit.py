"""``audit``: what in the code and in the state folder should not go live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json

if TYPE_CHECKING:
    from engine.code_audit.audit import ConfigAudit

_SIGNS = {"error": "[red]✘[/red]", "warning": "[yellow]![/yellow]", "note": "[blue]·[/blue]"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(audit)


def audit(
    path: Annotated[
        Optional[Path], typer.Argument(help="A folder of code, or one file; this project without it.")
    ] = None,
    severity: Annotated[str, typer.Option(help="The least that fails: note, warning or error.")] = "warning",
    allowed: Annotated[bool, typer.Option("--allowed", help="List what is allowed too, with its reason.")] = False,
    mend: Annotated[bool, typer.Option("--mend", help="Close the state folder and its files to others.")] = False,
    json: Json = False,
) -> None:
    """Examine a code tree and the state folder: secrets, addresses, silent fallbacks, mocks, copies. Exit 1 on findings."""
    from engine.code_audit.audit import audit_tree
    from engine.code_audit.state_files import close_state
    from engine.settings import ROOT, home
    from engine.store import AuditTrail, open_store
    from engine.store.config_audits import record_config_audit

    closed = close_state(home()) if mend else 0
    result = audit_tree(path or ROOT, home(), fails_at=severity)
    with open_store() as store:
        audit_id = record_config_audit(store, result.as_json())
        if closed:
            from engine.identity import find_person

            AuditTrail(store).record_entry(find_person(), "state files closed", "state", after={"files": closed})
    if json:
        print_json({"audit_id": audit_id, "closed": closed} | result.as_json())
    else:
        _draw(result, allowed, closed)
    if not result.passed:
        raise typer.Exit(1)


def _draw(result: ConfigAudit, allowed: bool, closed: int) -> None:
    console = open_console()

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    if closed:
        say(f"Closed to others: {closed} files and folders of the state.")
    for finding in result.findings:
        if finding.reason and not allowed:
            continue
        console.print(_SIGNS[finding.severity], end=" ")
        say(f"{finding.place}  {finding.rule}: {finding.what}")
        say(f"    allowed: {finding.reason}" if finding.reason else f"    → {finding.advice}")
    kept = result.count()["allowed"]
    words = "passed" if result.passed else "failed"
    say(
        f"{words}: {len(result.standing)} findings in {result.files} files of {result.root}, {kept} allowed by a reason."
    )
