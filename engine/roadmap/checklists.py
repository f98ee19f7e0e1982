"""Checklists: what no run can measure, confirmed by a person with a link. Each tick is one row and one audit entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.errors import InputError, UnknownNameError
from engine.roadmap.entries import check_link, check_name, check_text
from engine.roadmap.types import Roadmap
from engine.store import AuditTrail, DecisionStore, Store
from engine.store.decisions import Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickable:
    """Something that a person can confirm.

    Attributes:
        item: id of a checklist item, or a KPI.
        unit: of the figure that the person states; ``done`` where there is nothing to state.
        counts: whether a gate reads it, so that a tick needs a link.
        phases: numbers of the phases that it belongs to; empty for the whole roadmap.
    """

    item: str
    title: str
    unit: str
    counts: bool
    phases: tuple[int, ...]
    done_in_document: bool
    source: str
    tick: Tick | None


def list_tickable(roadmap: Roadmap, store: Store) -> tuple[Tickable, ...]:
    """The KPIs that a person confirms, then the items of the checklists, with what was said of each."""
    ticks = DecisionStore(store).load_ticks(roadmap.name)
    rows = [
        Tickable(
            item=kpi.id,
            title=kpi.title,
            unit=kpi.unit,
            counts=True,
            phases=tuple(p.number for p in roadmap.phases if any(g.kpi == kpi.id for g in p.goals)),
            done_in_document=False,
            source="",
            tick=ticks.get(kpi.id),
        )
        for kpi in roadmap.kpis
        if kpi.evidence.kind == "checklist"
    ]
    listed = [((phase.number,), item) for phase in roadmap.phases for item in phase.checklist]
    listed += [((), item) for item in roadmap.checklist]
    rows += [
        Tickable(
            item=item.id,
            title=item.text,
            unit="done",
            counts=False,
            phases=phases,
            done_in_document=item.done_in_document,
            source=item.source,
            tick=ticks.get(item.id),
        )
        for phases, item in listed
    ]
    return tuple(rows)


def tick_item(
    store: Store,
    roadmap: Roadmap,
    item: str,
    *,
    who: str,
    done: bool = True,
    value: float | None = None,
    link: str = "",
    note: str = "",
) -> Tick:
    """Say that an item is done or not, or state its figure, in place of what was said before.

    Raises:
        UnknownNameError: the roadmap has no such item.
        InputError: nobody is named, the link is none or is missing where a gate reads the tick, or the figure is missing or
            given for something that is only done or not.
    """
    wanted = find_tickable(roadmap, store, item)
    name, address, text = check_name(who), check_link(link), check_text(note, "The note")
    if wanted.counts and not address:
        raise InputError(
            f"{item} counts at a gate, so a tick needs a link to what shows it; found none.",
            "Give --link URL: a ticket, a test run, a document.",
        )
    if wanted.unit == "done" and value is not None:
        raise InputError(
            f"{item} is done or not done; a value of {value:g} has no meaning there.", "Leave out --value."
        )
    if wanted.unit != "done" and value is None:
        raise InputError(
            f"{item} is a number in {wanted.unit}; a tick must state it, found none.",
            "Give --value, a share as 0.85.",
        )
    tick = DecisionStore(store).save_tick(roadmap.name, item, done=done, value=value, link=address, note=text, who=name)
    AuditTrail(store).record_entry(
        name,
        "ticked" if done else "ticked as not done",
        f"{roadmap.name}/{item}",
        before=_describe(wanted.tick),
        after=_describe(tick),
        reason=text,
    )
    return tick


def untick_item(store: Store, roadmap: Roadmap, item: str, *, who: str, note: str = "") -> None:
    """Take back what was said of an item; a goal on it has no data then.

    Raises:
        UnknownNameError: the roadmap has no such item.
        InputError: nobody is named, or nobody has said anything of it.
    """
    wanted = find_tickable(roadmap, store, item)
    name, text = check_name(who), check_text(note, "The note")
    if wanted.tick is None:
        raise InputError(f"Nobody has ticked {item} of {roadmap.name}, so there is nothing to take back.")
    DecisionStore(store).delete_tick(roadmap.name, item)
    AuditTrail(store).record_entry(
        name, "tick taken back", f"{roadmap.name}/{item}", before=_describe(wanted.tick), reason=text
    )


def find_tickable(roadmap: Roadmap, store: Store, item: str) -> Tickable:
    """One item.

    Raises:
        UnknownNameError: no such item, or a KPI that runs measure.
    """
    rows = {row.item: row for row in list_tickable(roadmap, store)}
    if item not in rows:
        hint = "Items of the checklists and KPIs that a person confirms can be ticked."
        raise UnknownNameError("checklist item", item, rows, hint)
    return rows[item]


def _describe(tick: Tick | None) -> dict[str, Any] | None:
    return None if tick is None else {"done": tick.done, "value": tick.value, "link": tick.link, "note": tick.note}
