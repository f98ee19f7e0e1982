"""``readiness`` and ``confidence``: how much of a plan is proven, and how sure people are."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.decide import Roadmap
from engine.cli.output import format_number, format_rate, open_console, print_json

SIGNS = {
    "earned": "[green]✔ earned[/green]",
    "waived": "[yellow]~ waived[/yellow]",
    "undecided": "[yellow]– not proven[/yellow]",
    "lost": "[red]✘ missed[/red]",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(readiness)
    app.command()(confidence)


def readiness(
    roadmap: Roadmap,
    against: Annotated[
        str,
        typer.Option(help="The release before: a signature, a day, a tag, a commit, a run, or document."),
    ] = "",
    json: Json = False,
) -> None:
    """Points of a hundred with their evidence, maturity, KPIs against the release before, confidence. It informs: exit 0."""
    from engine.roadmap.confidence import load_confidence
    from engine.roadmap.maturity import measure_maturity
    from engine.roadmap.readiness import open_proofs, score_items
    from engine.roadmap.releases import compare_releases
    from engine.roadmap.roadmaps import load_roadmap
    from engine.store import open_store

    plan = load_roadmap(roadmap)
    with open_store() as store:
        proofs = open_proofs(plan, store)
        maturity = measure_maturity(plan, store, proofs)
        shown = {
            "roadmap": plan.name,
            "title": plan.title,
            "score": score_items(plan, proofs).as_json(),
            "maturity": None if maturity is None else maturity.as_json(),
            "kpis": compare_releases(plan, store, against).as_json(),
            "confidence": load_confidence(plan, store).as_json(),
        }
    if json:
        print_json(shown)
        return
    _print_score(shown)
    if shown["maturity"]:
        _print_maturity(shown["maturity"])
    _print_kpis(shown["kpis"])


def confidence(
    roadmap: Roadmap,
    week: Annotated[
        Optional[str], typer.Option(help="A day of the week, such as 2026-11-20; this week without it.")
    ] = None,
    value: Annotated[Optional[float], typer.Option(help="How sure the team is, as a share: 0.92.")] = None,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    as_: Annotated[Optional[str], typer.Option("--as", help="Who says it; by default the name you work under.")] = None,
    json: Json = False,
) -> None:
    """Say how sure the team is in a week, or list the weeks: stated, planned, and the share of goals met."""
    from engine.errors import InputError
    from engine.identity import find_person
    from engine.roadmap.confidence import load_confidence, state_confidence
    from engine.roadmap.entries import find_today, parse_day
    from engine.roadmap.roadmaps import load_roadmap
    from engine.store import open_store

    plan = load_roadmap(roadmap)
    day = find_today() if week is None else parse_day(week)
    if value is None and (week is not None or note):
        raise InputError("A week's confidence needs its value; found none.", "Give --value, a share such as 0.92.")
    with open_store() as store:
        if value is not None:
            who = find_person() if as_ is None else as_
            state_confidence(store, plan, week=day, value=value, note=note, who=who)
        shown = {"roadmap": plan.name, **load_confidence(plan, store).as_json()}
    if json:
        print_json(shown)
    else:
        _print_confidence(shown)


def _print_score(shown: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console, score = open_console(), shown["score"]
    console.print(
        f"[bold]{shown['roadmap']}[/bold]: {score['score']:g} of 100 points proven, {score['low']:g} beyond chance, "
        f"at best {score['high']:g}; {score['waived']:g} waived, {score['undecided']:g} not proven, {score['lost']:g} missed"
    )
    table = Table("group", "item", "points", "state", "why")
    for group in score["groups"]:
        for item in (item for item in score["items"] if item["group"] == group["id"]):
            why = "\n".join(proof["reason"] for proof in item["evidence"])
            table.add_row(
                escape(group["title"]),
                escape(item["title"]),
                f"{item['earned']:g} of {item['points']:g}",
                SIGNS[item["state"]],
                escape(why),
            )
    console.print(table)
    for step in score["next"][:3]:
        console.print(f"Next: {escape(step['kind'])} {escape(step['name'])}, {step['points']:g} points")


def _print_maturity(maturity: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("dimension", "before (document)", "claimed", "measured", "evidence met", "claim")
    for row in maturity["dimensions"]:
        total = row["met"] + row["undecided"] + row["missed"]
        table.add_row(
            escape(row["title"]),
            escape(row["before"] or "-"),
            escape(row["claimed"] or "-"),
            escape(row["level"] or "no data"),
            f"{row['met']} of {total}, {row['undecided']} without data",
            row["verdict"].replace("_", " "),
        )
    console, grade = open_console(), maturity["grade"]
    console.print(table)
    measured = grade["measured"] or f"between {grade['worst']} and {grade['best']}"
    console.print(f"Overall grade: {measured} measured; {grade['claimed'] or 'none'} claimed")


def _print_kpis(kpis: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("KPI", "before", "now", "difference, 95 % interval", "change", "goal")
    for row in kpis["rows"]:
        before = row["before"]["value"]
        stated = row["document"]["before"]
        interval = "" if row["low"] is None else f" [{format_number(row['low'])}, {format_number(row['high'])}]"
        table.add_row(
            escape(row["title"]),
            format_number(before) if before is not None else escape(f"{stated} (document)" if stated else "-"),
            format_number(row["now"]["value"]),
            format_number(row["difference"]) + interval,
            row["change"],
            f"{row['goal'] or '-'} {(row['verdict'] or '').replace('_', ' ')}",
        )
    console = open_console()
    console.print(f"KPIs against {escape(kpis['against']['label'])}")
    console.print(table)


def _print_confidence(shown: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("week of", "plan", "stated", "planned", "goals met", "who", "note")
    for week in shown["weeks"]:
        goals = "-" if week["goals_met"] is None else f"{week['goals_met']} of {week['goals']}"
        table.add_row(
            week["week"],
            escape(week["label"] or ""),
            format_rate(week["stated"]),
            format_rate(week["planned"]),
            goals,
            escape(week["who"] or ""),
            escape(week["note"] or ""),
        )
    console = open_console()
    console.print(table)
    console.print(escape(shown["basis"]))
