"""``profile``: how this installation serves, and where each value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.views.profile import ProfileRow, ProfileView


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(profile)


def profile(
    env: Annotated[Optional[str], typer.Option(help="Environment: dev, staging or prod.")] = None,
    policy: Annotated[
        Optional[str], typer.Option(help="Policy: cost_optimized, balanced or quality_optimized.")
    ] = None,
    preset: Annotated[Optional[str], typer.Option(help="Show the pipeline under fast, balanced or accurate.")] = None,
    set_: Annotated[
        Optional[list[str]], typer.Option("--set", metavar="FIELD=VALUE", help="Try a field; nothing is saved.")
    ] = None,
    compare: Annotated[Optional[str], typer.Option(help="A second profile, such as prod_quality.")] = None,
    json: Json = False,
) -> None:
    """Show the profile in force: each value, and where it comes from. Nothing is changed."""
    from engine.errors import UnknownNameError
    from engine.profiles import PROFILES
    from engine.store import open_store
    from engine.views.profile import load_profile_view

    if compare is not None and compare not in PROFILES:
        raise UnknownNameError("profile", compare, PROFILES)
    given: dict[str, Any] = _read_fields(set_ or [])
    given |= {name: value for name, value in (("environment", env), ("policy", policy)) if value}
    with open_store() as store:
        view = load_profile_view(store, given, preset, right=compare or "")
    if json:
        other = {"compared_with": compare, "differences": [dict(row) for row in view.differences]}
        print_json(view.as_json() | (other if compare else {}))
        return
    _draw(view, compare)


def _read_fields(assignments: list[str]) -> dict[str, str]:
    values = {}
    for text in assignments:
        name, sign, value = text.partition("=")
        if not sign:
            raise InputError(f"--set {text!r} is not of the form field=value.", "Write, say, --set concurrency=20.")
        values[name.strip()] = value.strip()
    return values


def _draw(view: ProfileView, compare: str | None) -> None:
    from engine.views.profile import PRECEDENCE

    console = open_console()
    chosen = "" if view.chosen else " (nobody has chosen; this is the default)"
    console.print(f"[bold]{view.name}[/bold]: {view.environment}, {view.policy}{chosen}")
    console.print(view.note, markup=False, soft_wrap=True)
    _draw_rows("Profile", view.rows)
    _draw_rows("Pipeline", view.pipeline)
    console.print(f"The later wins: {', '.join(PRECEDENCE)}.", soft_wrap=True)
    if compare:
        from rich.table import Table

        table = Table("field", view.left, view.right, title="Where they differ", title_justify="left")
        for row in view.differences:
            table.add_row(row["field"], row["left"], row["right"])
        console.print(table)


def _draw_rows(title: str, rows: tuple[ProfileRow, ...]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("field", "value", "where it comes from", title=title, title_justify="left")
    for row in rows:
        style = "bold" if row.overridden else ""
        table.add_row(row.name, escape(row.value), escape(row.origin), style=style)
    open_console().print(table)
