"""Assessment checklists by heading: the document's box, what was measured of the same thing, what a person confirmed."""

from __future__ import annotations

from dataclasses import dataclass

from engine.roadmap.checklists import list_tickable
from engine.roadmap.plan import ChecklistItem
from engine.roadmap.proofs import ProofReader
from engine.roadmap.readiness import open_proofs
from engine.roadmap.readiness_plan import Proof
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Roadmap
from engine.store import Store
from engine.store.decisions import Tick
from engine.views.readiness import ProofLine, proof_line


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxLine:
    """One box.

    Attributes:
        state: ``done`` (a person ticked it with a link, or its KPI meets the goal), ``not done``, or ``open``.
        by: what decided it: ``measured``, ``a person`` or empty.
        proof: the KPI that measures the same thing, or None.
        said: who ticked it, when, with which link; empty when nobody did.
    """

    item: str
    title: str
    state: str
    by: str
    said: str
    link: str
    in_document: bool
    source: str
    proof: ProofLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """One heading. ``words``: ``3 of 5 done, 1 not done``."""

    title: str
    words: str
    boxes: tuple[BoxLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistsView:
    """All of them, in the document's order."""

    roadmap: Roadmap
    headline: str
    checklists: tuple[Checklist, ...]


def load_checklists(store: Store, roadmap_name: str) -> ChecklistsView:
    """The checklists of a roadmap by heading.

    Raises:
        UnknownNameError: no such roadmap.
    """
    roadmap = load_roadmap(roadmap_name)
    proofs = open_proofs(roadmap, store)
    ticks = {row.item: row for row in list_tickable(roadmap, store)}
    groups: dict[str, list[BoxLine]] = {}
    lists = [*((phase.number, item) for phase in roadmap.phases for item in phase.checklist)]
    for phase, item in [*lists, *((0, item) for item in roadmap.checklist)]:
        label = roadmap.phases[phase - 1].label if phase else "Whole roadmap"
        groups.setdefault(item.group or label, []).append(_box(item, phase, proofs, roadmap, ticks[item.id].tick))
    checklists = tuple(
        Checklist(title=title, words=_count(boxes), boxes=tuple(boxes)) for title, boxes in groups.items()
    )
    boxes = [box for checklist in checklists for box in checklist.boxes]
    return ChecklistsView(roadmap=roadmap, headline=_count(boxes) if boxes else "", checklists=checklists)


def _box(item: ChecklistItem, phase: int, proofs: ProofReader, roadmap: Roadmap, tick: Tick | None) -> BoxLine:
    said = proofs.read(Proof(checklist=item.id))
    measured = None
    if item.kpi and any(goal.kpi == item.kpi for p in roadmap.phases for goal in p.goals):
        measured = proofs.read(Proof(kpi=item.kpi, phase=phase or None))
    state, by = "open", ""
    if said.state in ("met", "missed"):
        state, by = ("done" if said.state == "met" else "not done"), "a person"
    if measured is not None and measured.state in ("met", "missed"):  # what is measured outweighs what is said
        state, by = ("done" if measured.state == "met" else "not done"), "measured"
    return BoxLine(
        item=item.id,
        title=item.text,
        state=state,
        by=by,
        said=said.reason if tick is not None else "",
        link=said.link,
        in_document=item.done_in_document,
        source=item.source,
        proof=proof_line(measured) if measured else None,
    )


def _count(boxes: list[BoxLine]) -> str:
    done, missed = sum(box.state == "done" for box in boxes), sum(box.state == "not done" for box in boxes)
    measured = sum(box.by == "measured" for box in boxes)
    words = f"{done} of {len(boxes)} done"
    words += f", {missed} not done" if missed else ""
    return words + (f"; {measured} by measurement" if measured else "")
