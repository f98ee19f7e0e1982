"""``suites``, ``import``, ``generate`` and ``versions``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json, show_progress

if TYPE_CHECKING:
    from engine.suite_building.checking import SuiteCheck
    from engine.suite_building.texts import Problem

Person = Annotated[Optional[str], typer.Option("--as", help="Who does it; by default the name you work under.")]
SHOWN = 30


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(suites)
    app.command("import")(import_)
    app.command()(generate)
    app.command()(versions)


def suites(
    suite: Annotated[
        Optional[str], typer.Argument(help="Check this one: a name or a folder. Without it: list all.")
    ] = None,
    json: Json = False,
) -> None:
    """List the suites that are found by name, or check one: every problem with its line, and what of the corpus it touches."""
    from engine.suite_building.checking import check_suite
    from engine.suite_building.listing import find_suite, list_rows

    if suite is None:
        rows = list_rows()
        print_json({"suites": rows}) if json else _print_rows(rows)
        return
    checked = check_suite(find_suite(suite))
    if json:
        print_json(_check_as_json(checked))
    else:
        _print_check(checked)
    if checked.broken:
        raise typer.Exit(2)


def import_(
    file: Annotated[Path, typer.Argument(help="A table, or a file of ragas, DeepEval or promptfoo.")],
    suite: Annotated[str, typer.Option(help="The suite to add to: a name or a folder. A new name makes a suite.")],
    corpus: Annotated[Optional[str], typer.Option(help="Of a new suite: a shipped corpus or a folder.")] = None,
    format_: Annotated[
        str, typer.Option("--format", help="auto, csv, tsv, json, jsonl, ragas, deepeval or promptfoo.")
    ] = "auto",
    map_: Annotated[
        list[str], typer.Option("--map", metavar="FIELD=COLUMN", help="Take a field from this column; may be repeated.")
    ] = [],  # noqa: B006
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be added; write nothing.")] = False,
    person: Person = None,
    json: Json = False,
) -> None:
    """Add cases from a file of questions and answers; reference contexts become gold spans where they stand in the corpus."""
    from engine.errors import InputError
    from engine.identity import find_person
    from engine.store import open_store
    from engine.suite_building.accepting import import_file

    mapping = {}
    for pair in map_:
        field, equals, column = pair.partition("=")
        if not equals:
            raise InputError(f"--map {pair}: expected FIELD=COLUMN.")
        mapping[field.strip()] = column.strip()
    with open_store() as store:
        done = import_file(
            store, file, suite, corpus=corpus, format_=format_, mapping=mapping, write=not dry_run, who=person or find_person()
        )  # fmt: skip
    result = done.result
    shown = {
        "suite": done.name, "path": str(done.folder or ""), "hash": done.hash, "format": result.format, "rows": result.rows,
        "cases": len(result.cases), "refused": result.refused, "contexts": result.contexts, "located": result.located,
        "mapping": dict(result.mapping), "written": bool(done.hash), "problems": [_problem_as_json(p) for p in result.problems],
    }  # fmt: skip
    if json:
        print_json(shown)
        return
    verb = "would be added" if dry_run else "added"
    typer.echo(f"{file.name}: {len(result.cases)} of {result.rows} rows {verb} to {done.name} ({result.format})")
    typer.echo("columns: " + ", ".join(f"{field} from {column}" for field, column in result.mapping.items()))
    if result.contexts:
        typer.echo(f"gold spans: {result.located} of {result.contexts} reference contexts stand in the corpus")
    _print_problems(result.problems)


def generate(
    suite: Annotated[Optional[str], typer.Argument(help="Propose for this suite, a name or a folder.")] = None,
    corpus: Annotated[Optional[str], typer.Option(help="Propose from this corpus instead, and only print.")] = None,
    count: Annotated[int, typer.Option(help="How many.")] = 20,
    model: Annotated[str, typer.Option(help="A chat model, as litellm names it. Without it: no model.")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Add all to the suite at once, unread.")] = False,
    seed: Annotated[int, typer.Option(help="Of what is chosen at random.")] = 0,
    person: Person = None,
    json: Json = False,
) -> None:
    """Propose cases from a corpus. They wait for a person on the suite's screen; nothing is added by itself."""
    from engine.errors import InputError
    from engine.identity import find_person
    from engine.store import open_store
    from engine.suite_building.generation import generate_for_corpus, generate_for_suite

    if (suite is None) == (corpus is None):
        raise InputError("Give a suite, or --corpus, and not both.")
    with show_progress("Proposing", json) as progress:
        if corpus is not None:
            report = generate_for_corpus(corpus, count, model=model, seed=seed, progress=progress)
        else:
            with open_store() as store:
                report = generate_for_suite(
                    store, str(suite), count, model=model, seed=seed, progress=progress, accept=accept, who=person or find_person()
                )  # fmt: skip
    if json:
        print_json(
            {
                "proposed": report.kept,
                "considered": report.considered,
                "dropped": dict(report.dropped),
                "cases": list(report.cases),
            }
        )
        return
    for case in report.cases:
        typer.echo(f"{case['question']}\n    {' | '.join(case.get('answers', [])) or 'unanswerable'}")
    dropped = ", ".join(f"{n} {reason}" for reason, n in sorted(report.dropped.items(), key=lambda pair: -pair[1]))
    typer.echo(
        f"\n{report.kept} proposed of {report.considered} considered" + (f"; dropped: {dropped}" if dropped else "")
    )
    if suite is not None:
        typer.echo(
            "They were added to the suite."
            if accept
            else "They wait on the suite's screen: open it and choose Generate."
        )


def versions(
    suite: Annotated[str, typer.Argument(help="A suite's name or folder.")],
    restore: Annotated[
        Optional[str], typer.Option(metavar="HASH", help="Make this version the suite's text again.")
    ] = None,
    person: Person = None,
    json: Json = False,
) -> None:
    """List the versions of a suite: who saved what and when; or take one back."""
    from engine.identity import find_person
    from engine.store import open_store
    from engine.suite_building.listing import find_suite
    from engine.suite_building.texts import read_text
    from engine.suite_building.versions import list_versions, restore_version

    folder = find_suite(suite)
    with open_store() as store:
        if restore:
            restore_version(store, folder, restore, expected=read_text(folder).hash, who=person or find_person())
        found = list_versions(store, folder)
    if json:
        rows = [
            {
                "hash": v.hash, "cases": v.cases, "note": v.note, "saved_by": v.saved_by, "saved_at": v.saved_at, "current": v.current,
                "added": list(v.difference.added) if v.difference else None, "changed": list(v.difference.changed) if v.difference else None,
                "removed": list(v.difference.removed) if v.difference else None,
            } for v in found
        ]  # fmt: skip
        print_json({"suite": suite, "path": str(folder), "versions": rows})
        return
    if not found:
        typer.echo("No versions yet: this suite was not edited with Phasegate.")
    for v in found:
        mark = "*" if v.current else " "
        change = f"; {v.difference.words}" if v.difference else ""
        typer.echo(
            f"{mark} {v.hash[:12]}  {v.saved_at:%Y-%m-%d %H:%M}  {v.cases:>5} cases  {v.saved_by}: {v.note}{change}"
        )


def _print_rows(rows: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("suite", "title", "cases", "documents touched", "of the text", "hash", "where")
    for row in rows:
        if row["error"]:
            table.add_row(escape(row["suite"]), f"[red]{escape(row['error'])}[/red]", "-", "-", "-", "-", row["origin"])
            continue
        touched = row["coverage"]
        share = f"{100 * touched['character_share']:.1f} %"
        documents = f"{touched['touched']} of {touched['documents']}"
        table.add_row(
            escape(row["suite"]),
            escape(row["title"]),
            str(row["cases"]),
            documents,
            share,
            row["hash"][:12],
            row["origin"],
        )
    open_console().print(table)


def _check_as_json(checked: SuiteCheck) -> dict[str, Any]:
    suite = checked.suite
    return {
        "suite": suite.name, "path": str(suite.folder), "hash": suite.text.hash, "cases": suite.text.size, "valid": not checked.broken,
        "problems": [_problem_as_json(p) for p in checked.problems], "coverage": checked.coverage.as_json(),
    }  # fmt: skip


def _print_check(checked: SuiteCheck) -> None:
    suite, coverage = checked.suite, checked.coverage
    under, headings = coverage.headings
    typer.echo(
        f"{suite.name}: {suite.text.size} {'case' if suite.text.size == 1 else 'cases'}, hash {suite.text.hash[:12]}, {'broken' if checked.broken else 'valid'}"
    )
    typer.echo(
        f"touches {coverage.touched} of {len(coverage.documents)} documents, {under} of {headings} headings, "
        f"{100 * coverage.share:.1f} % of the text"
    )
    if coverage.untouched:
        typer.echo("without a case: " + ", ".join(document.document for document in coverage.untouched[:8]))
    _print_problems(checked.problems)


def _print_problems(problems: tuple[Problem, ...]) -> None:
    for problem in problems[:SHOWN]:
        typer.echo(f"  {'note' if problem.warning else 'PROBLEM'}  {problem.words}")
    if len(problems) > SHOWN:
        typer.echo(f"  ... {len(problems) - SHOWN} more; --json lists all")


def _problem_as_json(problem: Problem) -> dict[str, Any]:
    return {"line": problem.line or None, "field": problem.field, "text": problem.text, "warning": problem.warning}
