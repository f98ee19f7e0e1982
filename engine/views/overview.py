"""Are we ready? The first screen: the answer, the gates and figures behind it, what needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import PhasegateError
from engine.reports.wording import goal_words, value_words
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.gates import check_roadmap, kpi_history
from engine.roadmap.readiness import open_proofs, score_items
from engine.roadmap.roadmaps import list_roadmap_names, load_roadmap
from engine.roadmap.types import Gate, GoalVerdict, KpiPoint, Phase, Readiness
from engine.store import Store
from engine.views.phases import phase_name
from engine.views.readiness import say_score
from engine.views.roadmap import GoalRow, gate_counts, goal_row, interval_or_nothing
from engine.views.runs import load_latest
from engine.views.words import plural, sentence_list

DEFAULT_ROADMAP = "narrative-agent"
MOST_TILES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCard:
    """One phase and its verdict."""

    number: int
    name: str
    verdict: str
    words: str
    is_current: bool
    waived: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiTile:
    """A KPI that has been measured, against the goal of the phase at hand.

    Attributes:
        trend: earlier values, oldest first; empty with fewer than two.
        phase: number of the phase whose goal it is held against.
        waived_until: last day of the waiver that lets the goal pass, else empty.
    """

    kpi: str
    title: str
    value: str
    goal: str
    interval: str
    counts: str
    verdict: str
    reason: str
    trend: tuple[float, ...]
    runs: tuple[str, ...]
    phase: int
    waived_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteToRun:
    """Goals that one run would decide."""

    suite: str
    goals: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on the first screen.

    Attributes:
        sentence: the answer to "are we ready?"; ``verdict`` is its state; ``score`` says how many points are proven.
        failing: goals of the current phase that are missed, then of the others; ``waived``: those that a waiver lets pass.
        to_run: suites that would give missing evidence, the one that decides most goals first.
        by_hand: goals that only a person or later work can decide.
    """

    roadmap: str
    title: str
    sentence: str
    explanation: str
    score: str
    verdict: str
    phases: tuple[PhaseCard, ...]
    tiles: tuple[KpiTile, ...]
    failing: tuple[tuple[int, GoalRow], ...]
    waived: tuple[tuple[int, GoalRow], ...]
    to_run: tuple[SuiteToRun, ...]
    by_hand: tuple[GoalRow, ...]
    latest: Sequence[Mapping[str, Any]]
    current: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadmapChoices:
    """Roadmaps by name; ``broken`` says what is wrong with files that cannot be read, those of ``broken_names``."""

    titles: Mapping[str, str]
    default: str
    broken: tuple[str, ...]
    broken_names: tuple[str, ...]


def is_empty(store: Store) -> bool:
    """Whether nothing has been measured yet: no run and no corpus."""
    return not store.query("SELECT 1 AS found FROM runs LIMIT 1")


def load_roadmap_choices() -> RoadmapChoices:
    """The shipped roadmaps and those of the home folder."""
    titles: dict[str, str] = {}
    broken, names = [], []
    for name in list_roadmap_names():
        try:
            titles[name] = load_roadmap(name).title
        except PhasegateError as error:
            broken.append(error.message)
            names.append(name)
    default = DEFAULT_ROADMAP if DEFAULT_ROADMAP in titles else next(iter(titles), "")
    return RoadmapChoices(titles=titles, default=default, broken=tuple(broken), broken_names=tuple(names))


def load_overview(store: Store, roadmap_name: str, zone: str | None = None) -> Overview:
    """Readiness for one roadmap.

    Raises:
        PhasegateError: no such roadmap, or its file is broken.
    """
    plan = load_roadmap(roadmap_name)
    reader = EvidenceReader(store, target=plan.target)
    readiness = check_roadmap(plan, store, reader=reader)
    roadmap, current = readiness.roadmap, readiness.current
    at = current.number if current else roadmap.phases[-1].number
    gates = {gate.phase: gate for gate in readiness.gates}
    ordered = sorted(readiness.gates, key=lambda gate: (gate.phase != at, gate.phase))
    return Overview(
        roadmap=roadmap.name,
        title=roadmap.title,
        sentence=_sentence(readiness, gates[at]),
        explanation=_explanation(readiness),
        score=say_score(score_items(roadmap, open_proofs(roadmap, store, reader=reader)), roadmap),
        verdict=gates[at].verdict,
        phases=tuple(_phase_card(p, gates[p.number], p.number == at) for p in roadmap.phases),
        tiles=_tiles(ordered, kpi_history(roadmap, store, reader=reader)),
        failing=_failing(ordered),
        waived=tuple((gate.phase, goal_row(g)) for gate in ordered for g in gate.goals if g.waiver),
        to_run=_to_run(ordered),
        by_hand=tuple(goal_row(g) for g in gates[at].goals if g.counted == "no_data" and not g.suites),
        latest=load_latest(store, 6, zone),
        current=at,
    )


def _sentence(readiness: Readiness, gate: Gate) -> str:
    if readiness.current is None:
        waived = f", {plural(readiness.waived, 'goal')} by a waiver" if readiness.waived else ""
        return f"Ready: every phase of this roadmap passes its gate{waived}."
    name = phase_name(readiness.current)
    if gate.verdict == "fail":
        return f"Not ready: {name} misses {plural(gate.count_open('fail'), 'goal')} of {len(gate.goals)}."
    missing = gate.count_open("no_data")
    return f"Not decided: {name} lacks evidence for {plural(missing, 'goal')} of {len(gate.goals)}."


def _explanation(readiness: Readiness) -> str:
    phases = len(readiness.gates)
    passed = sum(gate.verdict == "pass" for gate in readiness.gates)
    total = readiness.passed + readiness.failed + readiness.no_data
    return (
        f"{passed} of {plural(phases, 'phase')} pass. Over the whole roadmap {readiness.passed} of {plural(total, 'goal')} "
        f"are met, {readiness.failed} missed, {readiness.no_data} without data"
        + (f"; {readiness.waived} of these are waived." if readiness.waived else ".")
    )


def _phase_card(phase: Phase, gate: Gate, current: bool) -> PhaseCard:
    return PhaseCard(
        number=phase.number,
        name=phase_name(phase),
        verdict=gate.verdict,
        words=gate_counts(gate) if gate.goals else "no goals",
        is_current=current,
        waived=gate.waived,
    )


def _tiles(gates: Sequence[Gate], history: Sequence[KpiPoint]) -> tuple[KpiTile, ...]:
    """Measured KPIs, each once, against the goal of the current phase where it sets one; failing ones first."""
    tiles: dict[str, KpiTile] = {}
    for gate in gates:
        for goal in gate.goals:
            if goal.value is not None and goal.kpi not in tiles:
                tiles[goal.kpi] = _tile(goal, gate, history)
    return tuple(sorted(tiles.values(), key=lambda tile: tile.verdict != "fail"))[:MOST_TILES]


def _tile(goal: GoalVerdict, gate: Gate, history: Sequence[KpiPoint]) -> KpiTile:
    trend = tuple(p.value for p in history if p.kpi == goal.kpi)
    return KpiTile(
        kpi=goal.kpi,
        title=goal.title,
        value=value_words(goal.value, goal.unit, goal.threshold),
        goal=goal_words(goal.direction, goal.threshold, goal.unit),
        interval=interval_or_nothing(goal),
        counts=f"scored {goal.scored} of {goal.total}" if goal.total else f"n = {goal.n}",
        verdict=goal.verdict,
        reason=goal.reason,
        trend=trend if len(trend) > 1 else (),
        runs=goal.runs,
        phase=gate.phase,
        waived_until=goal.waiver["expires_on"] if goal.waiver else "",
    )


def _failing(gates: Sequence[Gate]) -> tuple[tuple[int, GoalRow], ...]:
    rows: dict[str, tuple[int, GoalRow]] = {}
    for gate in gates:
        for goal in gate.goals:
            if goal.counted == "fail":
                rows.setdefault(goal.kpi, (gate.phase, goal_row(goal)))
    return tuple(rows.values())


def _to_run(gates: Sequence[Gate]) -> tuple[SuiteToRun, ...]:
    """Suites by the goals that their runs would give evidence for; a goal over several suites counts for each."""
    wanted: dict[str, dict[str, None]] = {}
    for gate in gates:
        for goal in gate.goals:
            if goal.counted == "no_data":
                for suite in goal.suites:
                    wanted.setdefault(suite, {})[goal.title] = None
    rows = [
        SuiteToRun(
            suite=suite,
            goals=tuple(titles),
            words=f"gives evidence for {plural(len(titles), 'goal')}: {sentence_list(list(titles)[:4])}"
            + (f" and {len(titles) - 4} more" if len(titles) > 4 else ""),
        )
        for suite, titles in wanted.items()
    ]
    return tuple(sorted(rows, key=lambda row: -len(row.goals)))
