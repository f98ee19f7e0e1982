"""``sign``, ``waive``, ``tick`` and ``signoffs``: what people decide about a phase."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.decide import Phase, Roadmap
from engine.cli.output import open_console, print_json

Person = Annotated[Optional[str], typer.Option("--as", help="Who decides; by default the name you work under.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(sign)
    app.command()(signoffs)
    app.command()(waive)
    app.command()(tick)


def sign(
    roadmap: Roadmap,
    phase: Phase,
    as_: Person = None,
    role: Annotated[str, typer.Option(help="In which role, such as QA lead.")] = "",
    note: Annotated[str, typer.Option(help="What else is to be kept with it.")] = "",
    policy: Annotated[str, typer.Option(help="point or strict, as for gate.")] = "point",
    seen: Annotated[
        Optional[str], typer.Option(help="Hash of the evidence that you saw; other evidence is not signed.")
    ] = None,
    revoke: Annotated[Optional[str], typer.Option(help="Take this signature back, with --note as the reason.")] = None,
    json: Json = False,
) -> None:
    """Sign a phase whose gate passes, under the hash of its evidence. The same person twice is one signature."""
    from engine.roadmap.gates import check_policy
    from engine.roadmap.roadmaps import load_roadmap
    from engine.roadmap.sign_offs import review_sign_offs, revoke_sign_off, sign_phase
    from engine.store import open_store

    plan, who = load_roadmap(roadmap), _find_name(as_)
    with open_store() as store:
        if revoke:
            sign_off_id = revoke_sign_off(store, revoke, who=who, reason=note).sign_off_id
        else:
            sign_off_id = sign_phase(
                store, plan, phase, who=who, role=role, note=note, policy=check_policy(policy), seen_hash=seen
            ).sign_off_id
        rows = [row.as_json() for row in review_sign_offs(store, plan, phase)]
    shown = next(row for row in rows if row["sign_off_id"] == sign_off_id)
    if json:
        print_json(shown)
    else:
        done = "Revoked" if revoke else "Signed"
        typer.echo(f"{done}: {plan.name}, phase {phase}, {shown['who']}, evidence {shown['evidence_hash'][:16]}")
        if shown["waived"] and not revoke:
            typer.echo(f"With waivers for {', '.join(shown['waived'])}.")


def signoffs(
    roadmap: Annotated[Optional[str], typer.Option(help="Of this roadmap alone.")] = None,
    phase: Annotated[Optional[int], typer.Option(help="Of this phase alone.")] = None,
    json: Json = False,
) -> None:
    """List who signed what, and whether the evidence is still the same. Revoked ones are marked."""
    from engine.roadmap.gates import find_phase
    from engine.roadmap.roadmaps import list_roadmap_names, load_roadmap
    from engine.roadmap.sign_offs import review_sign_offs
    from engine.store import open_store

    plans = [load_roadmap(name) for name in ([roadmap] if roadmap else list_roadmap_names())]
    rows: list[dict[str, Any]] = []
    with open_store() as store:
        for plan in plans:
            wanted = [p.number for p in plan.phases] if phase is None else [phase]
            if phase is not None and roadmap:
                find_phase(plan, phase)
            known = {p.number for p in plan.phases}
            for number in (n for n in wanted if n in known):
                rows += [row.as_json() for row in review_sign_offs(store, plan, number)]
    if json:
        print_json({"signoffs": rows})
    else:
        _print_sign_offs(rows)


def waive(
    roadmap: Roadmap,
    phase: Phase,
    kpi: Annotated[str, typer.Option(help="The KPI of the goal, as the gate names it.")],
    reason: Annotated[str, typer.Option(help="Why, in words. Required unless --withdraw.")] = "",
    until: Annotated[
        Optional[str], typer.Option(help="Last day that it holds, such as 2026-12-31; within a year.")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="End the waiver that holds.")] = False,
    as_: Person = None,
    json: Json = False,
) -> None:
    """Let one goal of a phase pass until a day. Its measured verdict stays; after that day the gate is red again."""
    from engine.errors import InputError
    from engine.roadmap.entries import parse_day
    from engine.roadmap.goal_verdicts import describe_waiver
    from engine.roadmap.roadmaps import load_roadmap
    from engine.roadmap.waivers import give_waiver, withdraw_waiver
    from engine.store import open_store

    plan, who = load_roadmap(roadmap), _find_name(as_)
    with open_store() as store:
        if withdraw:
            waiver = withdraw_waiver(store, plan, phase, kpi, who=who, reason=reason)
        elif until is None:
            raise InputError(
                "A waiver needs the day on which it ends; found none.", "Give --until, such as 2026-12-31."
            )
        else:
            waiver = give_waiver(store, plan, phase, kpi, who=who, reason=reason, until=parse_day(until))
    key = {"roadmap": plan.name, "phase": phase, "kpi": kpi, "goal": waiver.goal}
    shown = {**key, **describe_waiver(waiver), "withdrawn": withdraw}
    if json:
        print_json(shown)
    else:
        end = "withdrawn" if withdraw else f"waived until {shown['expires_on']}"
        typer.echo(f"{kpi} ({waiver.goal}) of {plan.name}, phase {phase}: {end} by {who}")


def tick(
    roadmap: Roadmap,
    item: Annotated[str, typer.Argument(help="Id of a checklist item, or a KPI that a person confirms.")],
    link: Annotated[str, typer.Option(help="Address of what shows it. Required where a gate reads the tick.")] = "",
    note: Annotated[str, typer.Option(help="What else is to be kept with it.")] = "",
    value: Annotated[
        Optional[float], typer.Option(help="The figure, where the goal is a number; a share as 0.85.")
    ] = None,
    not_done: Annotated[bool, typer.Option("--not-done", help="Say that it is not done: a goal on it fails.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back what was said; a goal on it has no data then.")
    ] = False,
    as_: Person = None,
    json: Json = False,
) -> None:
    """Confirm what no run can measure."""
    from engine.roadmap.checklists import tick_item, untick_item
    from engine.roadmap.goal_verdicts import describe_tick
    from engine.roadmap.roadmaps import load_roadmap
    from engine.store import open_store

    plan, who = load_roadmap(roadmap), _find_name(as_)
    shown: dict[str, Any] = {"roadmap": plan.name, "item": item, "tick": None}
    with open_store() as store:
        if undo:
            untick_item(store, plan, item, who=who, note=note)
        else:
            ticked = tick_item(store, plan, item, who=who, done=not not_done, value=value, link=link, note=note)
            shown["tick"] = dict(describe_tick(ticked))
    if json:
        print_json(shown)
    else:
        state = (
            "taken back"
            if undo
            else "not done"
            if not_done
            else f"stated as {value:g}"
            if value is not None
            else "done"
        )
        typer.echo(f"{item} of {plan.name}: {state}, says {who}")


def _find_name(given: str | None) -> str:
    from engine.identity import find_person

    return find_person() if given is None else given


def _print_sign_offs(rows: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = open_console()
    if not rows:
        console.print("Nobody has signed a phase yet.")
        return
    table = Table("roadmap", "phase", "who", "signed (UTC)", "evidence", "since then", "id")
    for row in rows:
        who = f"{row['who']} ({row['role']})" if row["role"] else row["who"]
        table.add_row(
            row["roadmap"],
            str(row["phase"]),
            escape(who),
            row["signed_at"][:16].replace("T", " "),
            row["evidence_hash"][:8],
            escape(_say_state(row)),
            row["sign_off_id"],
        )
    console.print(table)


def _say_state(row: dict[str, Any]) -> str:
    if row["revoked_at"]:
        return f"revoked by {row['revoked_by']}: {row['revoke_reason']}"
    if not row["intact"]:
        return "the stored evidence is not the one that was signed"
    return "; ".join(row["changes"]) or "the same evidence"
