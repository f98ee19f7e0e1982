"""What changed since the last signature, and since the phase before ended: verdicts, values, runs, edited goals."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.reports.report import Changes, GoalChange, KpiTrend
from engine.roadmap.roadmap_changes import describe_values
from engine.roadmap.sign_offs import ReviewedSignOff
from engine.roadmap.types import Gate, GoalVerdict, Phase, Roadmap, Verdict
from engine.store import AuditTrail, DecisionStore, Store
from engine.store.decisions import SignOff

EDITS_READ = 500
EDITS_SHOWN = 20
OWN_ACTIONS = ("phase signed", "signature revoked")  # the report has a section on them


def load_changes(
    store: Store,
    roadmap: Roadmap,
    phase: Phase,
    gate: Gate,
    reviews: Sequence[ReviewedSignOff],
    trends: Sequence[KpiTrend],
) -> tuple[Changes, ...]:
    """Since the newest signature of this phase that stands, and since the phase before; else since the runs before.

    Values of then are those that were signed. Where nobody signed the phase before, they are what the gate would have read
    on the last day that the plan gives it. A set in which nothing was known then is left out.
    """
    entries = AuditTrail(store).list_entries(roadmap.name, EDITS_READ)
    found = [_since_signature(review, gate, entries, roadmap) for review in reviews if review.sign_off.stands][:1]
    found += _since_phase_before(store, roadmap, phase, gate, trends, entries)
    found = [changes for changes in found if any(row.before_verdict is not None for row in changes.goals)]
    return tuple(found or _since_runs_before(roadmap, gate, trends, entries))


def _since_signature(
    review: ReviewedSignOff, gate: Gate, entries: Sequence[Mapping[str, Any]], roadmap: Roadmap
) -> Changes:
    signed = review.sign_off
    return Changes(
        since=f"{signed.who} signed this phase on {signed.signed_at:%Y-%m-%d}",
        moment=signed.signed_at,
        goals=tuple(_signed_change(goal, _signed_goals(signed)) for goal in gate.goals),
        runs=tuple(run for run in gate.runs if run.started_at > signed.signed_at),
        edits=_list_edits(entries, roadmap, gate, signed.signed_at),
        evidence=review.changes,
    )


def _since_phase_before(
    store: Store,
    roadmap: Roadmap,
    phase: Phase,
    gate: Gate,
    trends: Sequence[KpiTrend],
    entries: Sequence[Mapping[str, Any]],
) -> list[Changes]:
    earlier = [other for other in roadmap.phases if other.number < phase.number]
    if not earlier:
        return []
    before = max(earlier, key=lambda other: other.number)
    signed = next((row for row in DecisionStore(store).list_sign_offs(roadmap.name, before.number) if row.stands), None)
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    if signed is not None:
        moment, goals = signed.signed_at, _signed_goals(signed)
        since = f"{signed.who} signed {before.label or f'phase {before.number}'} on {moment:%Y-%m-%d}"
    elif before.end is not None and before.end < now.date():
        moment, goals = datetime.datetime.combine(before.end, datetime.time.max), {}
        since = f"the planned end of {before.label or f'phase {before.number}'}, {before.end.isoformat()}"
    else:
        return []
    points = {trend.goal.kpi: trend.points for trend in trends}
    rows = []
    for goal in gate.goals:
        row = _signed_change(goal, goals)
        if row.before is None:
            past = [point.value for point in points.get(goal.kpi, ()) if point.started_at <= moment]
            row = _measured_change(goal, past[-1] if past else None)
        rows.append(row)
    return [
        Changes(
            since=since,
            moment=moment,
            goals=tuple(rows),
            runs=tuple(run for run in gate.runs if run.started_at > moment),
            edits=_list_edits(entries, roadmap, gate, moment),
        )
    ]


def _since_runs_before(
    roadmap: Roadmap, gate: Gate, trends: Sequence[KpiTrend], entries: Sequence[Mapping[str, Any]]
) -> list[Changes]:
    before = {trend.goal.kpi: trend.points[-2] for trend in trends if len(trend.points) > 1}
    if not before:
        return []
    moment = max(point.started_at for point in before.values())
    rows = (_measured_change(g, before[g.kpi].value if g.kpi in before else None) for g in gate.goals)
    return [
        Changes(
            since="the runs before",
            moment=moment,
            goals=tuple(rows),
            runs=tuple(run for run in gate.runs if run.started_at > moment),
            edits=_list_edits(entries, roadmap, gate, moment),
        )
    ]


def _signed_goals(signed: SignOff) -> dict[str, Mapping[str, Any]]:
    return {str(goal.get("kpi")): goal for goal in signed.evidence.get("goals", ())}


def _signed_change(goal: GoalVerdict, signed: Mapping[str, Mapping[str, Any]]) -> GoalChange:
    """What was signed: value, verdict and goal as they stood then."""
    then = signed.get(goal.kpi)
    if then is None:
        return GoalChange(goal=goal, before=None, before_verdict=None, before_goal="")
    return GoalChange(
        goal=goal, before=then.get("value"), before_verdict=then.get("verdict"), before_goal=str(then.get("goal", ""))
    )


def _measured_change(goal: GoalVerdict, value: float | None) -> GoalChange:
    if value is None:
        return GoalChange(goal=goal, before=None, before_verdict=None, before_goal="")
    verdict: Verdict = "pass" if _is_met(goal, value) else "fail"
    return GoalChange(goal=goal, before=value, before_verdict=verdict, before_goal=goal.goal)


def _is_met(goal: GoalVerdict, value: float) -> bool:
    if goal.direction.startswith(">"):
        return value > goal.threshold or (goal.direction == ">=" and value == goal.threshold)
    return value < goal.threshold or (goal.direction == "<=" and value == goal.threshold)


def _list_edits(
    entries: Iterable[Mapping[str, Any]], roadmap: Roadmap, gate: Gate, moment: datetime.datetime
) -> tuple[Mapping[str, Any], ...]:
    """Entries after the moment that are about the roadmap as a whole, this phase, or a KPI with a goal in it."""
    titles = {kpi.id: kpi.title for kpi in roadmap.kpis}
    asked = {goal.kpi for goal in gate.goals}
    others = {str(phase.number) for phase in roadmap.phases if phase.number != gate.phase}
    shown = []
    for entry in entries:
        parts = str(entry["subject"]).split("/")[1:]
        elsewhere = bool(parts) and (parts[0] in others or (parts[0] == "kpis" and parts[-1] not in asked))
        if entry["happened_at"] <= moment or elsewhere or entry["action"] in OWN_ACTIONS:
            continue
        name = parts[-1] if parts else roadmap.name
        shown.append(
            {
                "action": entry["action"],
                "subject": titles.get(name, "the roadmap" if name == roadmap.name else name),
                "change": describe_values(entry["before"], entry["after"]),
                "who": entry["who"],
                "when": entry["happened_at"],
                "reason": entry["reason"],
            }
        )
    return tuple(shown[:EDITS_SHOWN])
