"""Waivers: a goal that a phase may miss for a time, with who, why and until when. Afterwards the gate is red again."""

from __future__ import annotations

import datetime

from engine.errors import InputError, UnknownNameError
from engine.roadmap.entries import check_expiry, check_name, check_reason, find_today
from engine.roadmap.gates import find_phase
from engine.roadmap.goal_verdicts import describe_waiver
from engine.roadmap.types import Goal, Roadmap
from engine.store import AuditTrail, DecisionStore, Store
from engine.store.decisions import Waiver


def give_waiver(
    store: Store,
    roadmap: Roadmap,
    phase: int,
    kpi: str,
    *,
    who: str,
    reason: str,
    until: datetime.date,
    today: datetime.date | None = None,
) -> Waiver:
    """Let a goal of a phase pass until a day, that day included. It holds for the goal as it stands now.

    Raises:
        InputError: no such phase, no name, no reason in words, or a day that is not within the next year.
        UnknownNameError: the phase has no goal for that KPI.
    """
    goal = find_goal(roadmap, phase, kpi)
    waiver = DecisionStore(store).give_waiver(
        roadmap=roadmap.name,
        phase=phase,
        kpi=kpi,
        goal=goal.label,
        who=check_name(who),
        reason=check_reason(reason, "A waiver"),
        expires_on=check_expiry(until, today or find_today()),
    )
    AuditTrail(store).record_entry(
        waiver.who,
        "waiver given",
        f"{roadmap.name}/{phase}/{kpi}",
        after={"goal": goal.label, "expires_on": waiver.expires_on.isoformat()},
        reason=waiver.reason,
    )
    return waiver


def withdraw_waiver(
    store: Store,
    roadmap: Roadmap,
    phase: int,
    kpi: str,
    *,
    who: str,
    reason: str = "",
    today: datetime.date | None = None,
) -> Waiver:
    """End a waiver before its time; the one that was withdrawn.

    Raises:
        InputError: nobody is named, or there is no waiver that holds.
        UnknownNameError: the phase has no goal for that KPI.
    """
    find_goal(roadmap, phase, kpi)
    name = check_name(who)
    decisions = DecisionStore(store)
    waiver = decisions.find_active_waivers(roadmap.name, today or find_today()).get((phase, kpi))
    if waiver is None:
        raise InputError(
            f"There is no waiver for {kpi} in phase {phase} of {roadmap.name} that could be withdrawn.",
            "The gate shows the waivers that hold; those that have ended need nothing.",
        )
    decisions.withdraw_waivers(roadmap.name, phase, kpi, name)
    AuditTrail(store).record_entry(
        name, "waiver withdrawn", f"{roadmap.name}/{phase}/{kpi}", before=dict(describe_waiver(waiver)), reason=reason
    )
    return waiver


def find_goal(roadmap: Roadmap, phase: int, kpi: str) -> Goal:
    """The goal that a phase sets for a KPI.

    Raises:
        InputError: no such phase.
        UnknownNameError: it sets none; lists those that it sets.
    """
    goals = {goal.kpi: goal for goal in find_phase(roadmap, phase).goals}
    if kpi not in goals:
        raise UnknownNameError("goal", kpi, goals, f"These are the KPIs of phase {phase} of {roadmap.name}.")
    return goals[kpi]
