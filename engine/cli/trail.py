"""``trail``: who changed what, when and why."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(trail)


def trail(
    search: Annotated[str, typer.Option(help="Only entries whose person, action, subject or reason holds this.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Entries on a page.")] = 20,
    page: Annotated[int, typer.Option(min=1, help="Which page, from 1.")] = 1,
    json: Json = False,
) -> None:
    """List the audit trail, newest first: tokens, settings, models, prompts, refused access, caches, sign-offs."""
    from engine.store import open_store
    from engine.views.trail import load_trail
    from engine.views.words import DASH

    with open_store() as store:
        view = load_trail(store, search, page=page, per_page=limit)
    if json:
        print_json(view.as_json())
        return
    console = open_console()
    if not view.rows:
        console.print("No entry holds that." if search else "Nothing has been written into the audit trail yet.")
        return
    for row in view.rows:
        why = "" if row["reason"] == DASH else f" ({row['reason']})"
        line = f"{row['when']} UTC  {row['who']}  {row['action']}  {row['subject']}{why}"
        console.print(line, markup=False, soft_wrap=True)
        if (row["before"], row["after"]) != (DASH, DASH):
            console.print(f"    {row['before']} → {row['after']}", markup=False, soft_wrap=True, style="dim")
    console.print(f"Page {view.page} of {view.pages}, {view.total} entries.")
