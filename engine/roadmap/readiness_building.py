"""Readiness, maturity, the release before and confidence: from a checked file to what the engine works with."""

from __future__ import annotations

from collections.abc import Sequence

from engine.roadmap.plan import Goal, Roadmap
from engine.roadmap.readiness_files import MaturityEntry, ProofEntry, ReadinessEntry
from engine.roadmap.readiness_plan import Dimension, MaturityPlan, Proof, ReadinessPlan, ScoreItem
from engine.roadmap.roadmap_files import read_threshold


def build_readiness(entry: ReadinessEntry | None) -> ReadinessPlan | None:
    """The weighed items; points that the file leaves open are shared equally within their group."""
    if entry is None:
        return None
    return ReadinessPlan(
        weights=tuple((name, float(weight)) for name, weight in entry.weights.items()),
        titles=tuple(entry.titles.items()),
        items=tuple(
            ScoreItem(
                id=item.id,
                title=item.title,
                group=item.group,
                points=points,
                proofs=_build_proofs(item.evidence, item.source),
                source=item.source,
            )
            for item, points in zip(entry.items, entry.share_points(), strict=True)
        ),
        waivers_earn=entry.waivers_earn,
        stated=True,
        source=entry.source,
    )


def build_maturity(entry: MaturityEntry | None) -> MaturityPlan | None:
    """The maturity matrix."""
    if entry is None:
        return None
    return MaturityPlan(
        levels=tuple(entry.levels),
        before_label=entry.before,
        after_label=entry.after,
        grade=entry.grade,
        grade_source=entry.grade_source,
        dimensions=tuple(
            Dimension(
                id=row.dimension,
                title=row.title,
                before=row.before,
                after=row.after,
                note=row.note,
                proofs=_build_proofs(row.evidence, row.source),
                source=row.source,
            )
            for row in entry.dimensions
        ),
    )


def share_among_goals(roadmap: Roadmap, without: Sequence[str] = ()) -> ReadinessPlan:
    """Where the document weighs nothing: 100 points over the goals of the plan, each the same, grouped by phase.

    Args:
        without: KPIs that are the score itself.
    """
    goals = [(phase, goal) for phase in roadmap.phases for goal in phase.goals if goal.kpi not in without]
    each = 100 / len(goals) if goals else 0.0
    items = tuple(
        ScoreItem(
            id=f"{phase.number}-{goal.kpi}",
            title=roadmap.kpi(goal.kpi).title,
            group=f"phase-{phase.number}",
            points=each,
            proofs=(Proof(kpi=goal.kpi, phase=phase.number),),
            source=goal.source,
        )
        for phase, goal in goals
    )
    used = [phase for phase in roadmap.phases if any(p is phase for p, _ in goals)]
    return ReadinessPlan(
        weights=tuple((f"phase-{p.number}", each * sum(q is p for q, _ in goals)) for p in used),
        titles=tuple((f"phase-{p.number}", p.label) for p in used),
        items=items,
        waivers_earn=False,
        stated=False,
        source="the document weighs nothing; every goal of the plan counts the same",
    )


def _build_proofs(entries: Sequence[ProofEntry], source: str) -> tuple[Proof, ...]:
    return tuple(_build_proof(entry, source) for entry in entries)


def _build_proof(entry: ProofEntry, source: str) -> Proof:
    goal = None
    if entry.goal:
        direction, value = read_threshold(entry.goal)
        goal = Goal(kpi=entry.kpi, direction=direction, value=value, text=entry.goal, source=source)
    return Proof(
        kpi=entry.kpi,
        phase=entry.phase,
        goal=goal,
        checklist=entry.checklist,
        corpus=entry.corpus,
        document=entry.document,
        rows=entry.rows or 0,
    )
