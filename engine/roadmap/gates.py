"""Gates: the goals of a phase held against what was measured. Coverage first, then the value, then how sure it is."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from engine.errors import InputError
from engine.roadmap.evidence import EvidenceReader, Measured, ReadsStore
from engine.roadmap.types import (
    EvidenceRun,
    Gate,
    Goal,
    GoalVerdict,
    Kpi,
    KpiPoint,
    Phase,
    Policy,
    Readiness,
    Roadmap,
    Verdict,
)

COVERAGE_PERCENT = 95  # of the cases must have been scored
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
    roadmap: Roadmap, phase_number: int, store: ReadsStore, run_id: str | None = None, policy: Policy = "point"
) -> Gate:
    """The gate of one phase.

    Args:
        run_id: take this run alone as evidence; by default the newest finished and complete run of each suite.
        policy: ``point`` passes a goal when the value meets it, ``strict`` when the near end of its interval does.

    Raises:
        InputError: no such phase, or no such policy.
        UnknownNameError: no such run.
    """
    phase = find_phase(roadmap, phase_number)
    _check_policy(policy)
    return _check_phase(roadmap, phase, EvidenceReader(store, run_id), policy, run_id)


def check_roadmap(roadmap: Roadmap, store: ReadsStore, policy: Policy = "point") -> Readiness:
    """Every gate of a roadmap, the phase to work on, and its goals by verdict.

    Raises:
        InputError: no such policy.
    """
    _check_policy(policy)
    reader = EvidenceReader(store)
    gates = tuple(_check_phase(roadmap, phase, reader, policy, None) for phase in roadmap.phases)
    pairs = zip(roadmap.phases, gates, strict=True)
    return Readiness(
        roadmap=roadmap,
        gates=gates,
        current=next((phase for phase, gate in pairs if gate.verdict != "pass"), None),
        passed=sum(gate.count("pass") for gate in gates),
        failed=sum(gate.count("fail") for gate in gates),
        no_data=sum(gate.count("no_data") for gate in gates),
    )


def current_phase(roadmap: Roadmap, store: ReadsStore, policy: Policy = "point") -> Phase | None:
    """The first phase whose gate does not pass, None when all do."""
    return check_roadmap(roadmap, store, policy).current


def kpi_history(roadmap: Roadmap, store: ReadsStore, limit: int = 50) -> list[KpiPoint]:
    """Trend of every KPI that runs measure, oldest first: what a gate would have read after each complete run.

    A KPI of several suites is pooled from the newest run of each at that time, so its first point needs one of each.
    ``limit`` is the number of runs of each suite looked back at.
    """
    reader = EvidenceReader(store)
    points: list[KpiPoint] = []
    for kpi in roadmap.kpis:
        if kpi.evidence.kind != "run":
            continue
        newest: dict[str, EvidenceRun] = {}
        for run in reader.list_complete_runs(kpi.evidence.suites, limit):
            newest[run.suite] = run
            if len(newest) < len(kpi.evidence.suites):
                continue
            measured = reader.measure_runs(kpi.evidence, [newest[suite] for suite in kpi.evidence.suites])
            if measured.value is not None and not _lacks_coverage(measured):
                points.append(_build_point(kpi, run, measured, measured.value))
    return points


def judge_goal(goal: Goal, kpi: Kpi, measured: Measured, policy: Policy = "point") -> GoalVerdict:
    """The verdict on one goal. Coverage is looked at before the value."""
    if measured.value is None:
        return _build_verdict(goal, kpi, measured, "no_data", measured.reason, measured.missing)
    if _lacks_coverage(measured):
        reason = (
            f"only {measured.scored} of {measured.total} cases were scored; at least {COVERAGE_PERCENT} % are needed"
        )
        return _build_verdict(goal, kpi, measured, "no_data", reason, measured.missing)
    more = measured.count_more_cases(goal.value)
    met = goal.is_met_by(measured.value)
    words = _explain(goal, kpi, measured, more)
    if policy == "point" or not met:
        return _build_verdict(goal, kpi, measured, "pass" if met else "fail", words, more)
    near = measured.low if goal.direction.startswith(">") else measured.high
    if near is None:
        reason = f"{words}; policy strict needs an interval, which this evidence cannot bound"
        return _build_verdict(goal, kpi, measured, "no_data", reason, more)
    verdict: Verdict = "pass" if goal.is_met_by(near) else "fail"
    return _build_verdict(goal, kpi, measured, verdict, words, more)


def combine_verdicts(verdicts: Iterable[Verdict]) -> Verdict:
    """Any fail is fail, else any no_data is no_data, else pass; a phase without goals has no data."""
    found = set(verdicts) or {"no_data"}
    return next(verdict for verdict in ("fail", "no_data", "pass") if verdict in found)


def format_value(value: float, unit: str) -> str:
    """A value in words: ``81.7 %``, ``12.3 ms``, ``5 x``."""
    if unit == "share":
        return f"{value * 100:.{6 if 0.999 < value < 1 else 4}g} %"  # 99.999 % is not 100 %
    return f"{value:.4g} {unit}" if unit not in ("", "score", "count") else f"{value:.4g}"


def _check_phase(roadmap: Roadmap, phase: Phase, reader: EvidenceReader, policy: Policy, run_id: str | None) -> Gate:
    verdicts: list[GoalVerdict] = []
    runs: dict[str, EvidenceRun] = {}
    for goal in phase.goals:
        kpi = roadmap.kpi(goal.kpi)
        measured = reader.measure(kpi.evidence)
        verdicts.append(judge_goal(goal, kpi, measured, policy))
        runs.update({run.run_id: run for run in measured.runs})
    return Gate(
        roadmap=roadmap.name,
        roadmap_title=roadmap.title,
        phase=phase.number,
        phase_label=phase.label,
        phase_title=phase.title,
        policy=policy,
        verdict=combine_verdicts(verdict.verdict for verdict in verdicts),
        checked_at=datetime.datetime.now(datetime.UTC).replace(tzinfo=None),
        goals=tuple(verdicts),
        runs=tuple(runs.values()),
        run_id=run_id,
    )


def _lacks_coverage(measured: Measured) -> bool:
    return measured.scored * 100 < COVERAGE_PERCENT * measured.total


def _explain(goal: Goal, kpi: Kpi, measured: Measured, more: int | None) -> str:
    value = format_value(measured.value or 0.0, kpi.unit)
    wanted = f"{goal.direction} {format_value(goal.value, kpi.unit)}"
    words = f"{value} {'meets' if goal.is_met_by(measured.value or 0.0) else 'misses'} {wanted}"
    if kpi.evidence.reason:
        words += f" ({kpi.evidence.reason})"
    if measured.low is None and measured.high is None:
        return f"{words}; one figure a run, so no interval"
    words += f"; 95 % interval {_end(measured.low, kpi.unit)} to {_end(measured.high, kpi.unit)}, n = {measured.n}"
    if more:
        words += f"; about {more} more cases would decide it beyond chance"
    return words


def _end(value: float | None, unit: str) -> str:
    return "unbounded" if value is None else format_value(value, unit)


def _build_verdict(
    goal: Goal, kpi: Kpi, measured: Measured, verdict: Verdict, reason: str, more: int | None
) -> GoalVerdict:
    covered = measured.value is not None and not _lacks_coverage(measured)
    return GoalVerdict(
        kpi=goal.kpi,
        title=kpi.title,
        goal=goal.label,
        direction=goal.direction,
        threshold=goal.value,
        unit=kpi.unit,
        value=measured.value if covered else None,
        low=measured.low if covered else None,
        high=measured.high if covered else None,
        n=measured.n,
        scored=measured.scored,
        total=measured.total,
        verdict=verdict,
        reason=reason,
        more_cases=more,
        suites=kpi.evidence.suites,
        runs=tuple(run.run_id for run in measured.runs),
        source=goal.source,
        command=measured.command,
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


def _check_policy(policy: str) -> None:
    if policy not in POLICIES:
        raise InputError(f"There is no policy {policy!r}. Known: {', '.join(POLICIES)}.")
