"""A phase report from the store: the gate, what people decided, its evidence runs and their cases, read once."""

from __future__ import annotations

import dataclasses
import datetime

from engine.reports.build_run import load_run_report
from engine.reports.changes import load_changes
from engine.reports.report import CheckItem, KpiTrend, PhaseReport, WaiverRecord
from engine.roadmap.gates import check_gate, find_phase, kpi_history
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.sign_offs import build_evidence, hash_evidence, review_sign_offs
from engine.roadmap.types import Gate, Phase, Policy, Roadmap
from engine.store import DecisionStore, Store
from engine.store.decisions import Waiver

FAILING_SHOWN = 6
TREND_POINTS = 20
TREND_RUNS = 12  # of each suite


def build_report(
    roadmap: Roadmap | str, phase: int, store: Store, *, run_id: str | None = None, policy: Policy = "point"
) -> PhaseReport:
    """Everything that a report of one phase says.

    Args:
        roadmap: the roadmap, or the name of one.
        run_id: read this run alone instead of the newest ones.

    Raises:
        InputError: no such roadmap, phase or run.
    """
    plan = load_roadmap(roadmap) if isinstance(roadmap, str) else roadmap
    chosen = find_phase(plan, phase)
    gate = check_gate(plan, phase, store, run_id=run_id, policy=policy)
    reviews = review_sign_offs(store, plan, phase, gate=gate)
    trends = load_trends(plan, gate, store)
    return PhaseReport(
        roadmap=plan,
        phase=chosen,
        gate=gate,
        claims=(*plan.baselines, *chosen.claims, *plan.claims),
        checklist=load_checklist(plan, chosen, store),
        trends=trends,
        runs=tuple(load_run_report(store, run_id, failing_shown=FAILING_SHOWN) for run_id in _run_ids(gate)),
        sign_offs=reviews,
        evidence_hash=hash_evidence(build_evidence(gate)),
        waivers=load_waivers(plan, gate, store),
        changes=load_changes(store, plan, chosen, gate, reviews, trends),
        generated_at=datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0),
    )


def load_checklist(roadmap: Roadmap, phase: Phase, store: Store) -> tuple[CheckItem, ...]:
    """The items of the phase, for the last phase those of the whole roadmap too, as people have ticked them."""
    last = phase.number == max(p.number for p in roadmap.phases)
    ticks = DecisionStore(store).load_ticks(roadmap.name)
    return tuple(
        CheckItem(item=item.id, text=item.text, done_in_document=item.done_in_document, tick=ticks.get(item.id))
        for item in (*phase.checklist, *(roadmap.checklist if last else ()))
    )


def load_waivers(roadmap: Roadmap, gate: Gate, store: Store) -> tuple[WaiverRecord, ...]:
    """Every waiver that was given for a goal of the phase, newest first; of those that hold only one counts."""
    titles = {kpi.id: kpi.title for kpi in roadmap.kpis}
    today = datetime.datetime.now(datetime.UTC).date()
    goals = {goal.kpi: goal.goal for goal in gate.goals}
    return tuple(
        WaiverRecord(
            kpi=waiver.kpi,
            title=titles.get(waiver.kpi, waiver.kpi),
            goal=waiver.goal,
            who=waiver.who,
            reason=waiver.reason,
            given_at=waiver.given_at,
            expires_on=waiver.expires_on,
            state=_waiver_state(waiver, goals.get(waiver.kpi), today),
        )
        for waiver in DecisionStore(store).list_waivers(roadmap.name, gate.phase)
    )


def _waiver_state(waiver: Waiver, goal: str | None, today: datetime.date) -> str:
    if waiver.withdrawn_at is not None:
        return "withdrawn"
    if not waiver.holds_on(today):
        return "ended"
    return "holds" if waiver.goal == goal else "outdated"


def load_trends(roadmap: Roadmap, gate: Gate, store: Store) -> tuple[KpiTrend, ...]:
    """The newest points of every KPI that the gate has a goal for; KPIs without any are left out."""
    asked = {goal.kpi for goal in gate.goals}
    few = dataclasses.replace(roadmap, kpis=tuple(kpi for kpi in roadmap.kpis if kpi.id in asked))
    points = kpi_history(few, store, TREND_RUNS)
    trends = [
        KpiTrend(goal=goal, points=tuple(point for point in points if point.kpi == goal.kpi)[-TREND_POINTS:])
        for goal in gate.goals
    ]
    return tuple(trend for trend in trends if trend.points)


def _run_ids(gate: Gate) -> list[str]:
    read = [run.run_id for run in gate.runs] + [run_id for goal in gate.goals for run_id in goal.runs]
    return list(dict.fromkeys(read))
