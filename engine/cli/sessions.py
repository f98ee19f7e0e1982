"""``sessions``: conversations that are kept, what was said in one, and forgetting them."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json
from engine.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sessions)


def sessions(
    show: Annotated[Optional[str], typer.Option(metavar="ID", help="Every turn of a conversation.")] = None,
    forget: Annotated[Optional[str], typer.Option(metavar="ID", help="Delete a conversation and its traces.")] = None,
    forget_owner: Annotated[
        Optional[str], typer.Option(metavar="NAME", help="Delete everything that somebody asked.")
    ] = None,
    owner: Annotated[str, typer.Option(help="List only conversations of this person.")] = "",
    search: Annotated[str, typer.Option(help="List only those whose title, questions or answers hold this.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Conversations on a page.")] = 20,
    page: Annotated[int, typer.Option(min=1, help="Which page, from 1.")] = 1,
    yes: Annotated[bool, typer.Option("--yes", help="Forget without asking.")] = False,
    as_: Annotated[Optional[str], typer.Option("--as", metavar="NAME", help="Who forgets.")] = None,
    json: Json = False,
) -> None:
    """List conversations, show one, forget one or all of a person's."""
    if sum(value is not None for value in (show, forget, forget_owner)) > 1:
        raise InputError("sessions takes one of --show, --forget and --forget-owner.", "Run them in turn.")
    if show is not None:
        _show(show, json)
    elif forget is not None or forget_owner is not None:
        _forget(forget, forget_owner, yes, as_, json)
    else:
        _list(owner, search, limit, page, json)


def _list(owner: str, search: str, limit: int, page: int, json: bool) -> None:
    from engine.store import open_store
    from engine.views.sessions import load_conversations

    with open_store() as store:
        view = load_conversations(store, owner, search=search, page=page, per_page=limit)
    if json:
        print_json(view.as_json())
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("id", "title", "corpus", "owner", "turns", "last question (UTC)")
    for row in view.rows:
        when = f"{row.last_at:%Y-%m-%d %H:%M}"
        cells = (row.session, row.title, row.corpus or "-", row.owner or "-")
        table.add_row(*(escape(cell) for cell in cells), str(row.turns), when)
    console = open_console()
    console.print(table if view.rows else view.empty, markup=bool(view.rows), soft_wrap=True)
    if view.pages > 1:
        console.print(f"Page {view.page} of {view.pages}, {view.total} conversations.", markup=False)


def _show(session: str, json: bool) -> None:
    from engine.store import open_store
    from engine.store.sessions import SessionStore
    from engine.views.sessions import load_conversation

    with open_store() as store:
        kept = SessionStore(store)
        facts, turns = kept.load_session(session), load_conversation(store, session)
    if json:
        print_json({**facts, "turns": [turn.as_json() for turn in turns]})
        return
    console = open_console()
    console.print(f"{facts['title']}\n", markup=False, soft_wrap=True)
    for number, turn in enumerate(turns, 1):
        console.print(f"{number}. {turn.question}", markup=False, soft_wrap=True)
        if turn.standalone:
            console.print(f"   searched as: {turn.standalone}", markup=False, soft_wrap=True)
        console.print(f"   {turn.answer}\n", markup=False, soft_wrap=True)


def _forget(session: str | None, owner: str | None, yes: bool, who: str | None, json: bool) -> None:
    from engine.identity import find_person
    from engine.store import open_store
    from engine.store.sessions import SessionStore

    if owner is not None and not owner.strip():
        raise InputError("--forget-owner needs a name; an empty one would mean everybody.", "Give the owner's name.")
    subject = f"conversation {session!r}" if session is not None else f"everything that {owner!r} asked"
    with open_store() as store:
        kept = SessionStore(store)
        if session is not None:
            kept.load_session(session)
        if not yes and not json:
            typer.confirm(f"Delete {subject}? It cannot be brought back.", abort=True)
        person = who or find_person()
        gone = kept.forget(session, person) if session is not None else kept.forget_owner(owner or "", person)
    if json:
        print_json({"forgotten": gone.as_json()})
    else:
        typer.echo(
            f"Forgotten: {gone.sessions} conversations, {gone.turns} turns, {gone.requests} requests, {gone.cached} kept answers."
        )
