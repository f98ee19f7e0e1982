"""One phase of a roadmap: its gate, its KPIs over time and over the phases, its plan, what the document merely claims."""

from __future__ import annotations

from dataclasses import dataclass

from engine.reports.wording import goal_words, interval_words, value_words
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.gates import check_roadmap, find_phase, kpi_history
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Gate, GoalVerdict, Phase, Policy, Roadmap
from engine.store import Store
from engine.views.kpis import KpiSeries, PhaseGoals, build_comparison, build_series
from engine.views.phases import phase_name
from engine.views.timeline import PlanView, build_plan
from engine.views.words import count, plural

VERDICT_SENTENCES = {
    "pass": "Every goal of this phase is met.",
    "fail": "At least one goal of this phase is missed.",
    "no_data": "Not decided: evidence is missing.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalRow:
    """One goal of the gate, in words.

    Attributes:
        action: name of a suite to run when that would give the evidence, else empty.
        more: how many more cases would decide it, in words, or empty.
        waived_until: last day of the waiver that the gate takes it as met by, else empty; ``waiver`` says who and why.
        can_waive: whether it is neither met nor waived.
        tick_item: what a person can tick to decide it, else empty; ``link`` is what the tick shows.
    """

    kpi: str
    title: str
    goal: str
    value: str
    interval: str
    counts: str
    n: int
    verdict: str
    reason: str
    more: str
    source: str
    runs: tuple[str, ...]
    action: str
    command: str
    waived_until: str = ""
    waiver: str = ""
    can_waive: bool = False
    tick_item: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseView:
    """Everything that the Roadmap screen shows of one phase."""

    roadmap: Roadmap
    phase: Phase
    phase_name: str
    gate: Gate
    headline: str
    goals: tuple[GoalRow, ...]
    series: tuple[KpiSeries, ...]
    comparisons: tuple[PhaseGoals, ...]
    plan: PlanView
    phases: tuple[tuple[int, str], ...]

    def find_series(self, kpi: str) -> KpiSeries | None:
        """A KPI over time."""
        return next((s for s in self.series if s.kpi == kpi), None)

    def find_comparison(self, kpi: str) -> PhaseGoals | None:
        """A KPI over the phases."""
        return next((c for c in self.comparisons if c.kpi == kpi), None)


def load_phase(
    store: Store, roadmap_name: str, number: int, policy: Policy = "point", zone: str | None = None
) -> PhaseView:
    """One phase of a roadmap, measured now; times in the person's zone.

    Raises:
        UnknownNameError: no such roadmap or phase.
    """
    roadmap = load_roadmap(roadmap_name)
    phase = find_phase(roadmap, number)
    reader = EvidenceReader(store, target=roadmap.target)
    gates = {gate.phase: gate for gate in check_roadmap(roadmap, store, policy, reader=reader).gates}
    gate = gates[number]
    history = kpi_history(roadmap, store, reader=reader)
    checklist = {kpi.id for kpi in roadmap.kpis if kpi.evidence.kind == "checklist"}
    return PhaseView(
        roadmap=roadmap,
        phase=phase,
        phase_name=phase_name(phase),
        gate=gate,
        headline=gate_headline(gate),
        goals=tuple(goal_row(g, tickable=g.kpi in checklist) for g in gate.goals),
        series=tuple(build_series(roadmap, g, history, zone) for g in gate.goals),
        comparisons=tuple(build_comparison(g.kpi, roadmap, gates) for g in gate.goals),
        plan=build_plan(roadmap, gates),
        phases=tuple((p.number, phase_name(p)) for p in roadmap.phases),
    )


def gate_headline(gate: Gate) -> str:
    """One sentence: the verdict and the goals behind it."""
    sentence = VERDICT_SENTENCES[gate.verdict]
    if gate.verdict == "pass" and gate.waived:
        sentence = "Every goal of this phase is met or waived."
    return f"{sentence} {gate_counts(gate)}."


def gate_counts(gate: Gate) -> str:
    """``5 of 7 goals met, 1 missed, 1 waived``; each goal is counted once."""
    parts = [f"{gate.count('pass')} of {plural(len(gate.goals), 'goal')} met"]
    parts += [f"{gate.count_open('fail')} missed"] if gate.count_open("fail") else []
    parts += [f"{gate.count_open('no_data')} without data"] if gate.count_open("no_data") else []
    parts += [f"{gate.waived} waived"] if gate.waived else []
    return ", ".join(parts)


def goal_row(goal: GoalVerdict, *, tickable: bool = False) -> GoalRow:
    """One goal in words."""
    waiver, tick = goal.waiver, goal.tick
    more = ""
    if goal.more_cases and "more cases" not in goal.reason:
        more = f"about {plural(goal.more_cases, 'more case')} would decide it"
    action = goal.suites[0] if goal.verdict == "no_data" and goal.suites else ""
    return GoalRow(
        kpi=goal.kpi,
        title=goal.title,
        goal=goal_words(goal.direction, goal.threshold, goal.unit),
        value=value_words(goal.value, goal.unit, goal.threshold),
        interval=interval_or_nothing(goal),
        counts=_counts(goal),
        n=goal.n,
        verdict=goal.verdict,
        reason=goal.reason,
        more=more,
        source=goal.source,
        runs=goal.runs,
        action=action,
        command=goal.command,
        waived_until=waiver["expires_on"] if waiver else "",
        waiver=f"{waiver['who']}, {waiver['given_at'][:10]}: {waiver['reason']}" if waiver else "",
        can_waive=goal.verdict != "pass" and waiver is None,
        tick_item=goal.kpi if tickable else "",
        link=tick["link"] if tick else "",
    )


def interval_or_nothing(goal: GoalVerdict) -> str:
    """The interval in words; empty where a single observation bounds nothing."""
    if goal.value is None or (goal.low is None and goal.high is None):
        return ""
    return interval_words(goal.low, goal.high, goal.unit)


def _counts(goal: GoalVerdict) -> str:
    if goal.total and goal.scored < goal.total:
        return f"scored {count(goal.scored)} of {count(goal.total)}"
    return f"n = {count(goal.n)}, all scored" if goal.n else ""
