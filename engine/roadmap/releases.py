"""KPIs now against the release before: both measured where they can be, else what the document states, never mixed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from engine.roadmap.evidence import EvidenceReader, Measured
from engine.roadmap.goal_evidence import Measures, judge_evidence, load_decisions
from engine.roadmap.goal_verdicts import lacks_coverage
from engine.roadmap.paired_kpis import PairedDifference, compare_kpi
from engine.roadmap.release_sides import PreviousSide, find_previous
from engine.roadmap.types import Goal, GoalVerdict, Kpi, Roadmap
from engine.store import Store

Change = Literal["better", "worse", "same", "unclear", "unknown"]
LATENCY_NOTE = "one run on each side: a busier machine may explain it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A measured value with its interval; None without data, and then ``reason`` says why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    runs: tuple[str, ...] = ()
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Value, interval, number of cases and runs."""
        names = ("value", "low", "high", "n", "reason")
        return {name: getattr(self, name) for name in names} | {"runs": list(self.runs)}


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiChange:
    """One row of the table.

    Attributes:
        now, before: what was measured.
        stated_before, claimed_now: what the document states, in its words; ``stated_value`` where that is a figure.
        difference: now less before; only between two measured values. ``low`` and ``high`` are its 95 % interval,
            ``paired`` the cases behind it.
        change: ``better`` or ``worse`` beyond chance, ``same`` when nothing moved, ``unclear`` within chance or without an
            interval, ``unknown`` without two measured values.
        verdict: of the last phase's goal, which ``goal`` names.
    """

    kpi: str
    title: str
    unit: str
    higher_is_better: bool
    goal: Goal | None
    phase: int | None
    verdict: GoalVerdict | None
    now: Reading
    before: Reading
    stated_before: str
    stated_value: float | None
    stated_source: str
    claimed_now: str
    claimed_source: str
    difference: float | None
    low: float | None
    high: float | None
    paired: int
    change: Change
    note: str

    @property
    def relative(self) -> float | None:
        """The difference as a share of the value before; None for shares, which have it as points already."""
        if self.difference is None or not self.before.value or self.unit in ("share", "done"):
            return None
        return self.difference / abs(self.before.value)

    def as_json(self) -> dict[str, Any]:
        """One entry of ``kpis``."""
        plain = (
            "kpi",
            "title",
            "unit",
            "higher_is_better",
            "phase",
            "difference",
            "low",
            "high",
            "paired",
            "change",
            "note",
        )
        return {name: getattr(self, name) for name in plain} | {
            "goal": self.goal.label if self.goal else None,
            "verdict": self.verdict.verdict if self.verdict else None,
            "relative": self.relative,
            "waived": bool(self.verdict and self.verdict.waiver),
            "now": self.now.as_json(),
            "before": self.before.as_json(),
            "document": {
                "before": self.stated_before or None,
                "before_value": self.stated_value,
                "before_source": self.stated_source or None,
                "now": self.claimed_now or None,
                "now_source": self.claimed_source or None,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTable:
    """Every KPI of the roadmap, and what it is held against."""

    side: PreviousSide
    rows: tuple[KpiChange, ...]

    def as_json(self) -> dict[str, Any]:
        """What ``readiness --json`` prints under ``kpis``."""
        return {"against": self.side.as_json(), "rows": [row.as_json() for row in self.rows]}


def compare_releases(roadmap: Roadmap, store: Store, against: str = "") -> ReleaseTable:
    """The table against ``against``, see ``release_sides.find_previous``.

    Raises:
        UnknownNameError: there is no such earlier release.
    """
    reader = EvidenceReader(store, target=roadmap.target)
    side = find_previous(roadmap, store, reader, against)
    measures, decisions = Measures(reader), load_decisions(roadmap, store)
    rows = []
    for kpi in roadmap.kpis:
        if kpi.evidence.kind == "readiness":
            continue
        goal, phase = _find_last_goal(roadmap, kpi)
        verdict = judge_evidence(roadmap, goal, phase, measures, "point", decisions)[0] if goal else None
        rows.append(_build_row(roadmap, store, kpi, (goal, phase, verdict), measures, side))
    return ReleaseTable(side=side, rows=tuple(rows))


def _build_row(
    roadmap: Roadmap,
    store: Store,
    kpi: Kpi,
    judged: tuple[Goal | None, int | None, GoalVerdict | None],
    measures: Measures,
    side: PreviousSide,
) -> KpiChange:
    goal, phase, verdict = judged
    measured = measures.measure(kpi) if kpi.evidence.kind != "checklist" else None
    now = _read_verdict(verdict) if verdict else _read_measured(measured or Measured())
    before = _read_before(kpi, side, measures.reader)
    paired = PairedDifference()
    if now.value is not None and before.value is not None:
        paired = PairedDifference(difference=now.value - before.value)
        if measured is not None and measured.runs and before.runs:
            then = [run for run in side.runs.values() if run.run_id in before.runs]
            found = compare_kpi(store, kpi.evidence, then, measured.runs) if then else PairedDifference()
            paired = (
                found
                if found.difference is not None
                else PairedDifference(difference=paired.difference, reason=found.reason)
            )
    stated = next((row for row in roadmap.previous if row.kpi == kpi.id), None)
    baseline = next((row for row in roadmap.baselines if row.kpi == kpi.id), None)
    claims = [*(claim for phase_ in roadmap.phases for claim in phase_.claims), *roadmap.claims]
    claimed = next((claim for claim in reversed(claims) if claim.kpi == kpi.id), None)
    document = stated or baseline
    latency = bool(paired.low is not None and kpi.evidence.measure.startswith("latency"))
    return KpiChange(
        kpi=kpi.id,
        title=kpi.title,
        unit=kpi.unit,
        higher_is_better=kpi.higher_is_better,
        goal=goal,
        phase=phase,
        verdict=verdict,
        now=now,
        before=before,
        stated_before=document.text if document else "",
        stated_value=document.value if document else None,
        stated_source=document.source if document else "",
        claimed_now=claimed.text if claimed else "",
        claimed_source=claimed.source if claimed else "",
        difference=paired.difference,
        low=paired.low,
        high=paired.high,
        paired=paired.n,
        change=_judge_change(kpi, paired),
        note=LATENCY_NOTE if latency else paired.reason,
    )


def _judge_change(kpi: Kpi, paired: PairedDifference) -> Change:
    if paired.difference is None:
        return "unknown"
    if paired.difference == 0 and not paired.low and not paired.high:
        return "same"
    if paired.low is None or paired.high is None or paired.low <= 0 <= paired.high:
        return "unclear"
    return "better" if (paired.difference > 0) is kpi.higher_is_better else "worse"


def _find_last_goal(roadmap: Roadmap, kpi: Kpi) -> tuple[Goal | None, int | None]:
    found = [(goal, phase.number) for phase in roadmap.phases for goal in phase.goals if goal.kpi == kpi.id]
    return found[-1] if found else (None, None)


def _read_verdict(verdict: GoalVerdict) -> Reading:
    names = ("value", "low", "high", "n", "runs", "reason")
    return Reading(**{name: getattr(verdict, name) for name in names})


def _read_measured(measured: Measured) -> Reading:
    if measured.value is None or lacks_coverage(measured):
        return Reading(reason=measured.reason)
    runs = tuple(run.run_id for run in measured.runs)
    return Reading(value=measured.value, low=measured.low, high=measured.high, n=measured.n, runs=runs)


def _read_before(kpi: Kpi, side: PreviousSide, reader: EvidenceReader) -> Reading:
    """What was signed, or what the runs of that side measure."""
    signed = side.signed.get(kpi.id)
    if signed is not None:
        names = ("value", "low", "high", "n")
        return Reading(**{name: signed[name] for name in names}, runs=tuple(signed["runs"]))
    if side.kind in ("document", "sign_off") or kpi.evidence.kind != "run":
        return Reading(reason="not measured then")
    runs = [side.runs[suite] for suite in kpi.evidence.suites if suite in side.runs]
    if len(runs) < len(kpi.evidence.suites):
        return Reading(reason="no complete run of that time")
    return _read_measured(reader.measure_runs(kpi.evidence, runs))
