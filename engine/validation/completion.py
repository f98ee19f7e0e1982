"""Phase completion: the gate itself. And the parts of a validation that cannot be had yet."""

from __future__ import annotations

from typing import Any

from engine.roadmap.gates import check_gate
from engine.roadmap.types import Phase, Roadmap
from engine.validation.parts import Finding, Work


def check_completion(work: Work) -> Finding:
    """Every goal of the phase, as ``gate`` judges it."""
    policy: Any = work.request.policy
    gate = check_gate(work.roadmap, work.phase.number, work.store, policy=policy)
    for goal in gate.goals:
        work.part.note(goal.counted, f"{goal.title} {goal.goal}: {goal.reason}")
    counts = {"pass": gate.count("pass"), "fail": gate.count("fail"), "no_data": gate.count("no_data")}
    work.part.figures = counts | {"waived": gate.waived}
    work.part.runs.extend(run.run_id for run in gate.runs)
    words = f"{counts['pass']} goals met, {counts['fail']} missed, {counts['no_data']} without data"
    return Finding(verdict=gate.verdict, reason=words + (f", {gate.waived} waived" if gate.waived else ""))


def needs_load(roadmap: Roadmap, phase: Phase) -> str:
    """Empty when a goal of the phase waits for a drill under load."""
    commands = [roadmap.kpi(goal.kpi).evidence.command for goal in phase.goals]
    waits = any("drill load" in command or "drill stress" in command for command in commands)
    return "" if waits else "no goal of this phase is measured under load"


def drill_load(work: Work) -> Finding:
    """There is no drill yet."""
    return Finding(verdict="no_data", reason="the load drill is not built yet, so nothing was measured under load")


def needs_business(roadmap: Roadmap, phase: Phase) -> str:
    """Empty when a goal of the phase is a figure that people state."""
    kpis = [roadmap.kpi(goal.kpi) for goal in phase.goals]
    states = any(kpi.evidence.kind == "checklist" and kpi.unit != "done" for kpi in kpis)
    return "" if states else "no goal of this phase is a figure that people state"


def check_business(work: Work) -> Finding:
    """Nothing holds stated figures against their sources yet."""
    return Finding(verdict="no_data", reason="checking stated business figures against their sources is not built yet")
