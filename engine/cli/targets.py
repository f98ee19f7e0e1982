"""``targets``: the systems that suites can be run against."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import format_number, open_console, print_json
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.target_trials import TargetTrial


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(targets)


def targets(
    add: Annotated[Optional[Path], typer.Option(help="Save the target of a file (.yaml, .json).")] = None,
    remove: Annotated[Optional[str], typer.Option(help="Forget a saved target; its runs stay.")] = None,
    try_: Annotated[
        Optional[str],
        typer.Option(
            "--try", metavar="TARGET", help="Put one question to a target: name, address, module:function, file."
        ),
    ] = None,
    question: Annotated[str, typer.Option(help="With --try: what to ask.")] = "",
    suite: Annotated[str, typer.Option(help="With --try: locate contexts in the documents of this suite.")] = "",
    as_: Annotated[Optional[str], typer.Option("--as", metavar="NAME", help="Who adds or removes it.")] = None,
    json: Json = False,
) -> None:
    """List, add, try and remove the systems that suites can be run against."""
    if (add is not None) + (remove is not None) + (try_ is not None) > 1:
        raise InputError("targets takes one of --add, --remove and --try.", "Run them one after another.")
    if try_ is None and (question or suite):
        raise InputError("--question and --suite belong to --try.", "Name a target with --try.")
    if try_ is not None:
        _try(try_, question, suite, json)
    elif add is not None:
        _add(add, as_, json)
    elif remove is not None:
        _remove(remove, as_, json)
    else:
        _list(json)


def _list(json: bool) -> None:
    from engine.store import TargetStore, open_store

    with open_store() as store:
        rows = TargetStore(store).list_targets()
    if json:
        print_json({"targets": rows})
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("target", "kind", "where", "changed by", "changed (UTC)")
    table.add_row("pipeline", "built in", "the engine itself", "", "")
    for row in rows:
        where = row["config"].get("url") or row["config"].get("callable") or ""
        changed = f"{row['updated_at']:%Y-%m-%d %H:%M}"
        table.add_row(escape(row["name"]), row["kind"], escape(where), escape(row["updated_by"]), changed)
    open_console().print(table)


def _add(path: Path, who: str | None, json: bool) -> None:
    from engine.evaluation.target_files import load_target_config
    from engine.identity import find_person
    from engine.store import TargetStore, open_store

    config = load_target_config(path)
    name = config["name"]
    with open_store() as store:
        replaced = TargetStore(store).save_target(name, config, who or find_person())
    if json:
        print_json({"target": name, "kind": config["kind"], "replaced": replaced})
        return
    word = "changed" if replaced else "added"
    typer.echo(f"Target {name} {word}. Use it with: python -m engine run SUITE --target {name}")


def _remove(name: str, who: str | None, json: bool) -> None:
    from engine.identity import find_person
    from engine.store import TargetStore, open_store

    with open_store() as store:
        TargetStore(store).delete_target(name, who or find_person())
    if json:
        print_json({"removed": name})
    else:
        typer.echo(f"Target {name} removed. Its runs stay.")


def _try(reference: str, question: str, suite: str, json: bool) -> None:
    from engine.evaluation.target_specs import resolve_target
    from engine.store import TargetStore, open_store
    from engine.target_trials import try_target

    if not question.strip():
        raise InputError("--try needs a question.", 'targets --try NAME --question "..."')
    with open_store() as store:
        saved = TargetStore(store).load_configs()
    trial = try_target(resolve_target(reference, saved), question, suite=suite)
    if json:
        print_json(trial.as_json())
    else:
        _draw(trial)
    if trial.error:
        raise typer.Exit(4)


def _draw(trial: TargetTrial) -> None:
    console = open_console()

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    if trial.request:
        say(f"{trial.request['method']} {trial.request['url']}")
        for name, value in trial.request["headers"].items():
            say(f"{name}: {value}")
        say(json_module.dumps(trial.request["body"], ensure_ascii=False))
    for line in trial.log:
        say(line)
    if trial.error:
        typer.echo(f"Error: {trial.error}\nNext:  {trial.hint}", err=True)
        return
    say(f"\n{trial.answer}\n")
    for i, context in enumerate(trial.contexts or (), 1):
        place = f"{context.document}:{context.start}-{context.end}" if context.document else "not located"
        say(f"[{i}] {place}  {_shorten(context.text)}")
    say(_figures(trial))
    for sentence in trial.missing:
        say(f"Missing: {sentence}")


def _figures(trial: TargetTrial) -> str:
    figures: list[Any] = [f"{format_number(trial.timings_ms.get('total'), 0, ' ms')}", trial.reply]
    if trial.context_quality is not None:
        figures.append(f"context quality {format_number(trial.context_quality, 2)}")
    if trial.abstained:
        figures.append("abstained")
    return " · ".join(figures)


def _shorten(text: str, most: int = 100) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
