"""Adaptive: each section of a document is cut by the chunker of its kind; neighbours still share one window."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from engine.chunking.cutting import CutPlan, Level
from engine.chunking.dialogue import plan_dialogue
from engine.chunking.layout import DocumentLayout
from engine.chunking.narrative import plan_narrative
from engine.chunking.structure import plan_structure

CHUNKER_OF: dict[str, Callable[[DocumentLayout], CutPlan]] = {
    "dialogue": plan_dialogue,
    "mixed": plan_dialogue,
    "narrative": plan_narrative,
    "technical": plan_structure,
    "list": plan_structure,
    "code": plan_structure,
    "table": plan_structure,
}
_SHARES = (0.5, 0.5, 0.25, 0.25)


def plan_adaptive(layout: DocumentLayout) -> CutPlan:
    """The plans of the kinds that occur, each within its sections."""
    if layout.document.content_type == "row":
        return plan_structure(layout)
    ranges: list[tuple[int, Callable[[DocumentLayout], CutPlan]]] = []
    for section in layout.sections:
        planner = CHUNKER_OF[section.kind]
        if not ranges or ranges[-1][1] is not planner:
            ranges.append((section.start if ranges else 0, planner))
    planners = {planner for _, planner in ranges} or {plan_narrative}
    plans = {planner: planner(layout) for planner in planners}
    if len(plans) == 1:
        return next(iter(plans.values()))
    levels: list[list[int]] = [[] for _ in _SHARES]
    wholes: list[list[tuple[int, int]]] = [[], []]
    starts: list[int] = []
    barriers: list[int] = []
    for (start, planner), (end, _) in zip(ranges, [*ranges[1:], (len(layout.text), plan_narrative)], strict=True):
        plan = plans[planner]
        for target, level in zip(levels, plan.levels, strict=True):
            target += level.places[bisect_left(level.places, start) : bisect_left(level.places, end)]
        for kept, spans in zip(wholes, plan.wholes, strict=False):
            kept += [
                s for s in spans[bisect_left(spans, (start, start)) : bisect_left(spans, (end, end))] if s[1] <= end
            ]
        starts += plan.starts[bisect_left(plan.starts, start) : bisect_left(plan.starts, end)]
        barriers += plan.barriers[bisect_left(plan.barriers, start) : bisect_left(plan.barriers, end)]
    return CutPlan(
        tuple(Level(places, share) for places, share in zip(levels, _SHARES, strict=True)),
        starts,
        barriers,
        tuple(wholes),
    )
