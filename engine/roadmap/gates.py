"""Gates: the goals of a phase held against what was measured, what people confirmed and what they waived."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from engine.errors import InputError
from engine.roadmap.evidence import EvidenceReader, Measured, ReadsStore
from engine.roadmap.goal_evidence import Decisions, Measures, judge_evidence, load_decisions
from engine.roadmap.goal_verdicts import format_value, judge_goal, lacks_coverage, waive_goal
from engine.roadmap.proofs import ProofReader
from engine.roadmap.readiness import judge_readiness, score_items
from engine.roadmap.types import (
    EvidenceRun,
    Gate,
    GoalVerdict,
    Kpi,
    KpiPoint,
    Phase,
    Policy,
    Readiness,
    Roadmap,
    Verdict,
)

__all__ = [
    "check_gate",
    "check_policy",
    "check_roadmap",
    "combine_verdicts",
    "current_phase",
    "find_phase",
    "format_value",
    "judge_goal",
    "kpi_history",
]
POLICIES: tuple[Policy, ...] = ("point", "strict")


def find_phase(roadmap: Roadmap, number: int) -> Phase:
    """The phase of that number.

    Raises:
        InputError: no such phase; names the number and the known ones.
    """
    for phase in roadmap.phases:
        if phase.number == number:
            return phase
    known = ", ".join(f"{phase.number} ({phase.label})" for phase in roadmap.phases)
    raise InputError(f"Roadmap {roadmap.name} has no phase {number}. Known: {known}.", "Give one of these numbers.")


def check_gate(
    roadmap: Roadmap,
    phase_number: int,
    store: ReadsStore,
    run_id: str | None = None,
    policy: Policy = "point",
    *,
    target: str | None = None,
    today: datetime.date | None = None,
) -> Gate:
    """The gate of one phase.

    Args:
        run_id: take this run alone as evidence; by default the newest finished and complete run of each suite.
        policy: ``point`` passes a goal when the value meets it, ``strict`` when the near end of its interval does.
        target: read runs of this target instead of the roadmap's.
        today: the day on which waivers must hold, by default today in UTC.

    Raises:
        InputError: no such phase, or no such policy.
        UnknownNameError: no such run.
    """
    phase = find_phase(roadmap, phase_number)
    check_policy(policy)
    reader = EvidenceReader(store, run_id, target=target or roadmap.target)
    return _check_phase(roadmap, phase, Measures(reader), policy, load_decisions(roadmap, store, today), store)


def check_roadmap(
    roadmap: Roadmap,
    store: ReadsStore,
    policy: Policy = "point",
    *,
    today: datetime.date | None = None,
    reader: EvidenceReader | None = None,
) -> Readiness:
    """Every gate of a roadmap, the phase to work on, and its goals by verdict.

    Args:
        reader: of the roadmap's target; one that ``kpi_history`` uses too reads each run once for both.

    Raises:
        InputError: no such policy.
    """
    check_policy(policy)
    measures = Measures(reader or EvidenceReader(store, target=roadmap.target))
    decisions = load_decisions(roadmap, store, today)
    gates = tuple(_check_phase(roadmap, phase, measures, policy, decisions, store) for phase in roadmap.phases)
    pairs = zip(roadmap.phases, gates, strict=True)
    return Readiness(
        roadmap=roadmap,
        gates=gates,
        current=next((phase for phase, gate in pairs if gate.verdict != "pass"), None),
        passed=sum(gate.count("pass") for gate in gates),
        failed=sum(gate.count("fail") for gate in gates),
        no_data=sum(gate.count("no_data") for gate in gates),
        waived=sum(gate.waived for gate in gates),
    )


def current_phase(roadmap: Roadmap, store: ReadsStore, policy: Policy = "point") -> Phase | None:
    """The first phase whose gate does not pass, None when all do."""
    return check_roadmap(roadmap, store, policy).current


def kpi_history(
    roadmap: Roadmap, store: ReadsStore, limit: int = 50, *, reader: EvidenceReader | None = None
) -> list[KpiPoint]:
    """Trend of every KPI that runs measure, oldest first: what a gate would have read after each complete run.

    A KPI of several suites is pooled from the newest run of each at that time, so its first point needs one of each.
    ``limit`` is the number of runs of each suite looked back at. ``reader`` is as for ``check_roadmap``.
    """
    reader = reader or EvidenceReader(store, target=roadmap.target)
    points: list[KpiPoint] = []
    for kpi in roadmap.kpis:
        if kpi.evidence.kind != "run":
            continue
        newest: dict[str, EvidenceRun] = {}
        runs = reader.list_complete_runs(kpi.evidence.suites, limit)
        reader.load_ahead(kpi.evidence, runs)
        for run in runs:
            newest[run.suite] = run
            if len(newest) < len(kpi.evidence.suites):
                continue
            measured = reader.measure_runs(kpi.evidence, [newest[suite] for suite in kpi.evidence.suites])
            if measured.value is not None and not lacks_coverage(measured):
                points.append(_build_point(kpi, run, measured, measured.value))
    return points


def combine_verdicts(verdicts: Iterable[Verdict]) -> Verdict:
    """Any fail is fail, else any no_data is no_data, else pass; a phase without goals has no data."""
    found = set(verdicts) or {"no_data"}
    return next(verdict for verdict in ("fail", "no_data", "pass") if verdict in found)


def _check_phase(
    roadmap: Roadmap, phase: Phase, measures: Measures, policy: Policy, decisions: Decisions, store: ReadsStore
) -> Gate:
    verdicts: list[GoalVerdict] = []
    runs: dict[str, EvidenceRun] = {}
    for goal in phase.goals:
        kpi = roadmap.kpi(goal.kpi)
        if kpi.evidence.kind == "readiness":
            proofs = ProofReader(roadmap, store, measures, decisions)
            judged = judge_readiness(goal, kpi, score_items(roadmap, proofs), policy)
            verdicts.append(waive_goal(judged, decisions.waivers.get((phase.number, goal.kpi))))
            runs.update(proofs.runs)
            continue
        verdict, read = judge_evidence(roadmap, goal, phase.number, measures, policy, decisions)
        verdicts.append(verdict)
        runs.update({run.run_id: run for run in read})
    return Gate(
        roadmap=roadmap.name,
        roadmap_title=roadmap.title,
        phase=phase.number,
        phase_label=phase.label,
        phase_title=phase.title,
        policy=policy,
        verdict=combine_verdicts(verdict.counted for verdict in verdicts),
        checked_at=datetime.datetime.now(datetime.UTC).replace(tzinfo=None),
        goals=tuple(verdicts),
        runs=tuple(runs.values()),
        run_id=measures.reader.run_id,
        target=measures.reader.target,
    )


def _build_point(kpi: Kpi, run: EvidenceRun, measured: Measured, value: float) -> KpiPoint:
    return KpiPoint(
        kpi=kpi.id,
        run_id=run.run_id,
        suite=run.suite,
        started_at=run.started_at,
        value=value,
        low=measured.low,
        high=measured.high,
        n=measured.n,
    )


def check_policy(policy: str) -> Policy:
    """The policy of that name.

    Raises:
        InputError: no such policy; lists the known ones.
    """
    for known in POLICIES:
        if policy == known:
            return known
    raise InputError(f"There is no policy {policy!r}. Known: {', '.join(POLICIES)}.")
