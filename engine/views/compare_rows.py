"""Rows and charts' data of the Compare screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import UnknownNameError
from engine.evaluation.comparing import MeasureDifference, PairComparison, RunSide
from engine.evaluation.comparing.wording import (
    VERDICT_MARKS,
    VERDICT_WORDS,
    name_measure,
    write_bare,
    write_interval,
    write_p,
    write_size,
    write_value,
)
from engine.evaluation.measures import describe_measure
from engine.store.comparisons import ComparisonStore
from engine.views.words import DASH, count, milliseconds, setting_value

SHARES = tuple(i / 200 for i in range(1, 200))
UNITS = {"share": ("Rates", "points"), "score": ("Means of scores", "difference of means"), "ms": ("Latency", "ms")}
SHORT = {"no_difference": "not beyond chance"}
OWN_WORDS = {
    "success_rate": "Share of the judged cases that passed all their checks; an error is a failure.",
    "error_rate": "Share of the cases that ended in an error. Lower is better.",
    "latency_p50_ms": "Half of the answers came sooner. Lower is better; decided only against repeated runs.",
    "latency_p95_ms": "95 of 100 answers came sooner. Lower is better; decided only against repeated runs.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One measure of a forest. Places are positive where B is better; ``words`` keep the measure's own direction."""

    name: str
    place: float
    low: float | None
    high: float | None
    noise: float | None
    verdict: str
    words: str
    counts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestGroup:
    """Measures of one unit, on one axis."""

    key: str
    title: str
    axis: str
    rows: tuple[ForestRow, ...]
    label_b: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyCurve:
    """The share of a run's cases that were answered within each time."""

    name: str
    times: tuple[float, ...]
    shares: tuple[float, ...]


def build_measures(pair: PairComparison) -> tuple[dict[str, Any], ...]:
    """Cells of the table of measures; those with a finding first, worse before better."""
    order = {"worse": 0, "better": 1, "not_comparable": 2}
    lead = ("success_rate", "error_rate")
    rows = sorted(pair.measures, key=lambda m: (m.measure not in lead, order.get(m.verdict, 3)))
    return tuple(_measure_cells(pair, m) for m in rows)


def _measure_cells(pair: PairComparison, m: MeasureDifference) -> dict[str, Any]:
    return {
        "finding": f"{VERDICT_MARKS[m.verdict]} {SHORT.get(m.verdict, VERDICT_WORDS[m.verdict])}",
        "measure": name_measure(m.measure),
        "a": write_value(m.a, m.unit),
        "b": write_value(m.b, m.unit),
        "difference": write_size(m.difference, m.unit, "+"),
        "interval": write_interval(m.low, m.high, m.unit) if m.difference is not None else DASH,
        "p": write_p(m.p_adjusted).removeprefix("p ").removeprefix("= ") if m.p_adjusted is not None else DASH,
        "cases": f"{count(m.wins)} / {count(m.ties)} / {count(m.losses)}",
        "noise": f"±{write_bare(m.noise.band, m.unit)}" if m.noise else DASH,
        "scored": f"{count(m.counts_a.scored)} of {count(m.counts_a.total)}; "
        f"{count(m.counts_b.scored)} of {count(m.counts_b.total)}",
        "missing": _missing(pair, m),
        "why": m.reason,
        "about": _describe(m.measure),
        "verdict": m.verdict,
    }


def _missing(pair: PairComparison, m: MeasureDifference) -> str:
    parts = []
    for side, counts in ((pair.a, m.counts_a), (pair.b, m.counts_b)):
        parts += [f"{side.label} {counts.failed} failed"] if counts.failed else []
        parts += [f"{side.label} {counts.unjudged} unjudged"] if counts.unjudged else []
    return ", ".join(parts) or DASH


def _describe(measure: str) -> str:
    if measure in OWN_WORDS:
        return OWN_WORDS[measure]
    try:
        return describe_measure(measure.split("[", 1)[0])
    except UnknownNameError:
        return ""


def build_forests(pair: PairComparison) -> tuple[ForestGroup, ...]:
    """One group for each unit with a difference on any case."""
    groups = []
    for unit, (title, axis) in UNITS.items():
        rows = [m for m in pair.measures if m.unit == unit and m.difference is not None and m.wins + m.losses]
        if rows:
            found = sum(m.verdict in ("better", "worse") for m in rows)
            groups.append(
                ForestGroup(
                    key=unit,
                    title=f"{title}: {found} of {len(rows)} differ beyond chance",
                    axis=axis,
                    rows=tuple(_forest_row(m) for m in rows),
                    label_b=pair.b.label,
                )
            )
    return tuple(groups)


def _forest_row(m: MeasureDifference) -> ForestRow:
    scale = 100.0 if m.unit == "share" else 1.0
    sign = scale if m.higher_is_better else -scale
    ends = sorted(sign * end for end in (m.low, m.high) if end is not None)
    return ForestRow(
        name=name_measure(m.measure),
        place=sign * (m.difference or 0.0),
        low=ends[0] if len(ends) == 2 else None,
        high=ends[1] if len(ends) == 2 else None,
        noise=scale * m.noise.band if m.noise else None,
        verdict=m.verdict,
        words=f"{write_size(m.difference, m.unit, '+')} (95 % interval {write_interval(m.low, m.high, m.unit)}), "
        f"{write_p(m.p_adjusted)}",
        counts=f"{count(m.n)} pairs: {count(m.wins)} better, {count(m.ties)} same, {count(m.losses)} worse",
    )


def build_changes(pair: PairComparison) -> tuple[dict[str, str], ...]:
    """What made both runs, side by side."""
    names = dict.fromkeys((*pair.a.setup, *pair.b.setup))
    return tuple(
        {
            "name": name,
            pair.a.label: setting_value(pair.a.setup.get(name)),
            pair.b.label: setting_value(pair.b.setup.get(name)),
        }
        for name in names
    )


def build_curves(store: ComparisonStore, runs: Sequence[RunSide]) -> tuple[LatencyCurve, ...]:
    """The latency distribution of each run, as 199 quantiles."""
    curves = [(run, store.load_latency_curve(run.run_id, SHARES)) for run in runs]
    return tuple(
        LatencyCurve(name=f"{run.label} {run.run_id}", times=tuple(times), shares=SHARES)
        for run, times in curves
        if times
    )


def describe_latency(pair: PairComparison) -> str:
    """The medians, and whether their difference is decided."""
    found = next((m for m in pair.measures if m.measure == "latency_p50_ms"), None)
    if found is None or found.a is None or found.b is None:
        return "No latency in both runs"
    a, b = milliseconds(found.a), milliseconds(found.b)
    return f"Median {b} in {pair.b.label}, {a} in {pair.a.label}: {VERDICT_WORDS[found.verdict]}"


def build_power(pair: PairComparison) -> tuple[dict[str, Any], ...]:
    """What so many cases would show, and how many more would show what was seen."""
    return tuple(_power_cells(m) for m in pair.measures if m.is_tested)


def _power_cells(m: MeasureDifference) -> Mapping[str, Any]:
    return {
        "measure": name_measure(m.measure),
        "pairs": m.n,
        "seen": write_size(m.difference, m.unit, "+"),
        "detectable": write_size(m.detectable, m.unit),
        "more": m.more_cases,
    }
