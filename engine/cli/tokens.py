"""``tokens``: who may use the HTTP API, and sign in to the screens off loopback."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json
from engine.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tokens)


def tokens(
    create: Annotated[Optional[str], typer.Option(metavar="NAME", help="Create a token; it is shown once.")] = None,
    scope: Annotated[
        list[str],
        typer.Option(help="With --create: ask, read, config, screens; may be repeated. Default ask and read."),
    ] = [],  # noqa: B006
    days: Annotated[Optional[int], typer.Option(help="With --create: how long it holds.")] = None,
    revoke: Annotated[Optional[str], typer.Option(metavar="TOKEN", help="End a token, by its id or name.")] = None,
    as_: Annotated[Optional[str], typer.Option("--as", metavar="NAME", help="Who creates or revokes it.")] = None,
    json: Json = False,
) -> None:
    """List, create and revoke the tokens of the HTTP API and of signing in."""
    if create is not None and revoke is not None:
        raise InputError("tokens takes one of --create and --revoke.", "Run them one after another.")
    if create is None and (scope or days is not None):
        raise InputError("--scope and --days belong to --create.", "tokens --create NAME --scope ask")
    if create is not None:
        _create(create, scope or ["ask", "read"], days, as_, json)
    elif revoke is not None:
        _revoke(revoke, as_, json)
    else:
        _list(json)


def _create(name: str, scopes: list[str], days: int | None, who: str | None, json: bool) -> None:
    from engine.identity import find_person
    from engine.store import open_store
    from engine.store.tokens import TokenStore

    with open_store() as store:
        token, record = TokenStore(store).create_token(name, scopes, who or find_person(), days=days)
    if json:
        print_json({"token": token, **_describe(record)})
        return
    typer.echo(token)
    until = f"until {record.expires_at:%Y-%m-%d}" if record.expires_at else "until it is revoked"
    typer.echo(f"Token {record.name} ({', '.join(record.scopes)}) holds {until}. It is not shown again.", err=True)


def _revoke(wanted: str, who: str | None, json: bool) -> None:
    from engine.identity import find_person
    from engine.store import open_store
    from engine.store.tokens import TokenStore

    with open_store() as store:
        record = TokenStore(store).revoke_token(wanted, who or find_person())
    if json:
        print_json({"revoked": record.token_id, "name": record.name})
    else:
        typer.echo(f"Token {record.name} ({record.token_id}) is revoked. The API goes on asking for a token.")


def _list(json: bool) -> None:
    from engine.store import open_store
    from engine.store.tokens import TokenStore

    with open_store() as store:
        records = TokenStore(store).list_tokens()
    if json:
        print_json({"tokens": [_describe(record) for record in records]})
        return
    console = open_console()
    if not records:
        console.print("No token yet: this machine may ask and read without one. Create one: tokens --create NAME")
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("token", "id", "state", "scopes", "made by", "expires (UTC)", "last used (UTC)")
    for record in records:
        table.add_row(
            escape(record.name),
            record.token_id,
            record.state(),
            ", ".join(record.scopes),
            escape(record.made_by),
            f"{record.expires_at:%Y-%m-%d %H:%M}" if record.expires_at else "never",
            f"{record.used_at:%Y-%m-%d %H:%M}" if record.used_at else "never",
        )
    console.print(table)


def _describe(record: Any) -> dict[str, Any]:
    names = ("token_id", "name", "made_by", "made_at", "expires_at", "revoked_at", "used_at")
    return {name: getattr(record, name) for name in names} | {"scopes": list(record.scopes), "state": record.state()}
