"""``prompts`` and ``cross-validate``: what models are asked with, and their judgement of a run's answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.corpora import Json, Preset, Settings
from engine.cli.output import open_console, print_json
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.cross_validation import CrossValidation

Who = Annotated[Optional[str], typer.Option("--as", metavar="NAME", help="Who saves it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(prompts)
    app.command("cross-validate")(cross_validate)


def prompts(
    show: Annotated[Optional[str], typer.Option(metavar="PROMPT", help="Print one: a name, or name@version.")] = None,
    save: Annotated[
        Optional[Path], typer.Option(help="Save a YAML file (name, system, user, note) as the next version.")
    ] = None,
    diff: Annotated[
        Optional[tuple[str, str]], typer.Option(metavar="PROMPT PROMPT", help="What changed from one to the other.")
    ] = None,
    note: Annotated[str, typer.Option(help="With --save: what was changed, in place of the file's note.")] = "",
    as_: Who = None,
    json: Json = False,
) -> None:
    """List, show, save and compare the templates that ask a model."""
    if sum(given is not None for given in (show, save, diff)) > 1:
        raise InputError("prompts takes one of --show, --save and --diff.", "Run them one after another.")
    if show is not None:
        _show(show, json)
    elif save is not None:
        _save(save, note, as_, json)
    elif diff is not None:
        _diff(diff, json)
    else:
        _list(json)


def cross_validate(
    run: Annotated[str, typer.Argument(help="Id of the run; `runs` lists them.")],
    set_: Settings = [],  # noqa: B006
    preset: Preset = None,
    limit: Annotated[Optional[int], typer.Option(min=1, help="The first so many cases.")] = None,
    json: Json = False,
) -> None:
    """Have validators judge a run's answers, many calls at once; the run itself stays as it is."""
    from engine.cross_validation import validate_run
    from engine.settings import load_settings, parse_assignments
    from engine.store import open_store

    settings = load_settings(preset, {"validators": 3}, parse_assignments(set_))
    with open_store() as store:
        found = validate_run(store, run, settings, limit=limit)
    if json:
        print_json(found.as_json())
    else:
        _print_validation(found)


def _list(json: bool) -> None:
    from engine.prompt_library import list_library
    from engine.store import open_store

    with open_store() as store:
        versions = list_library(store)
    if json:
        print_json({
            "prompts": [
                {
                    "name": v.template.name,
                    "version": v.template.version,
                    "purpose": v.template.purpose,
                    "hash": v.template.hash,
                    "note": v.template.note,
                    "made_by": v.made_by or "shipped",
                    "made_at": v.made_at,
                }
                for v in versions
            ]
        })  # fmt: skip
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("prompt", "for", "hash", "saved by", "note")
    for v in versions:
        t = v.template
        table.add_row(f"{t.name}@{t.version}", t.purpose, t.hash, escape(v.made_by or "shipped"), escape(t.note))
    open_console().print(table)


def _show(reference: str, json: bool) -> None:
    from engine.prompt_library import find_prompt
    from engine.store import open_store

    with open_store() as store:
        found = find_prompt(store, reference)
    if json:
        print_json({"name": found.name, "version": found.version, "hash": found.hash, **found.as_body()})
        return
    typer.echo(f"{found.label}  ({found.purpose})")
    typer.echo(f"\nsystem:\n{found.system}\n\nuser:\n{found.user}")


def _save(path: Path, note: str, who: str | None, json: bool) -> None:
    from engine.identity import find_person
    from engine.prompt_library import read_prompt_file, save_prompt
    from engine.store import open_store

    fields = read_prompt_file(path)
    if note:
        fields["note"] = note
    with open_store() as store:
        saved = save_prompt(store, fields, who or find_person())
    if json:
        print_json({"name": saved.name, "version": saved.version, "hash": saved.hash})
    else:
        typer.echo(f"Saved as {saved.name}@{saved.version}. Ask with it: --set prompt={saved.name}@{saved.version}")


def _diff(references: tuple[str, str], json: bool) -> None:
    from engine.prompt_library import compare_prompts, find_prompt
    from engine.store import open_store

    with open_store() as store:
        a, b = (find_prompt(store, reference) for reference in references)
    lines = compare_prompts(a, b)
    if json:
        print_json({"from": a.label, "to": b.label, "lines": lines})
    else:
        typer.echo("\n".join(lines) or "Their texts are the same.")


def _print_validation(found: CrossValidation) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = open_console()
    console.print(
        f"{len(found.answers)} answers judged: {found.count('passed')} passed, {found.count('failed')} rejected, "
        f"{found.count('none')} without consensus; {found.abstained} abstained and were left out."
    )
    table = Table("case", "turn", "consensus", "verdicts")
    rows: list[Any] = [judged for judged in found.answers if judged.panel.consensus != "passed"]
    for judged in rows:
        words = {True: "pass", False: "fail", None: "no verdict"}
        verdicts = ", ".join(f"{v.aspect}: {words[v.passed]}" for v in judged.panel.verdicts)
        table.add_row(escape(judged.case_id), str(judged.turn), judged.panel.consensus, escape(verdicts))
    if rows:
        console.print(table)
