"""The difference of a KPI between two sets of runs, paired by case id."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.evaluation.comparing.differences import compare_latencies, compare_sums
from engine.evaluation.statistics_paired import MOST_FLIPPED
from engine.roadmap.case_values import RUN_KINDS, ReadsStore
from engine.roadmap.figures import RUN_FIGURES, adjust_values, find_figure
from engine.roadmap.judged_evidence import explain_mixed_judges
from engine.roadmap.types import Evidence, EvidenceRun

MOVED = 1e-9  # differences up to it are ties
QUANTILES = {"p50": 0, "p95": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """Now less before over the ``n`` cases that have a value in both; without a difference ``reason`` says why."""

    difference: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str = ""


def compare_kpi(
    store: ReadsStore, evidence: Evidence, before: Sequence[EvidenceRun], now: Sequence[EvidenceRun]
) -> PairedDifference:
    """The paired difference of one KPI that runs measure, with its 95 % interval."""
    if evidence.measure in RUN_FIGURES:
        return PairedDifference(reason="one figure a run, so no interval")
    mixed = explain_mixed_judges(store, evidence.measure, [*before, *now])
    if mixed:
        return PairedDifference(reason=mixed)
    x, y = _load_pairs(store, evidence, before, now)
    if not x:
        return PairedDifference(reason="the runs share no case")
    kind = find_figure(evidence.measure).kind
    if kind in QUANTILES:
        found = compare_latencies(x, y)[QUANTILES[kind]]
        return PairedDifference(difference=found.difference, low=found.low, high=found.high, n=found.n)
    if kind == "spread":
        return PairedDifference(reason="a spread has no paired interval", n=len(x))
    return _compare_means(evidence.measure, x, y)


def _compare_means(measure: str, x: Sequence[float], y: Sequence[float]) -> PairedDifference:
    """By ``compare_sums``: Newcombe's interval for values of 0 and 1, else BCa or t."""
    d = [after - before for before, after in zip(x, y, strict=True)]
    moved = sorted(step for step in d if abs(step) > MOVED)
    binary = set(x) | set(y) <= {0.0, 1.0}
    row: dict[str, Any] = {
        "measure": measure,
        "n": len(d),
        "a": math.fsum(x) / len(x),
        "b": math.fsum(y) / len(y),
        "total": math.fsum(d),
        "squares": math.fsum(step * step for step in d),
        "wins": sum(step > MOVED for step in d),
        "losses": sum(step < -MOVED for step in d),
        "binary": binary,
        "ones": sum(p == 1 == q for p, q in zip(x, y, strict=True)),
        "zeros": sum(p == 0 == q for p, q in zip(x, y, strict=True)),
        "moved": moved if len(moved) <= MOST_FLIPPED else None,
    }
    found = compare_sums(row)
    return PairedDifference(difference=found.difference, low=found.low, high=found.high, n=found.n)


def _load_pairs(
    store: ReadsStore, evidence: Evidence, before: Sequence[EvidenceRun], now: Sequence[EvidenceRun]
) -> tuple[list[float], list[float]]:
    """Values before and now of the cases that have both, in the order of suites and cases; joined in the database."""
    then = {run.suite: run.run_id for run in before}
    x: list[float] = []
    y: list[float] = []
    for run in now:
        if run.suite not in then:
            continue
        values, params = _select_values(evidence)
        sql = (
            f"WITH x AS ({values}), y AS ({values}) SELECT coalesce(list(x.value ORDER BY x.position), []) AS a,"
            " coalesce(list(y.value ORDER BY x.position), []) AS b FROM x JOIN y USING (case_id)"
        )
        row = store.query(sql, [then[run.suite], *params, run.run_id, *params])[0]
        x += row["a"]
        y += row["b"]
    return list(adjust_values(evidence, x)), list(adjust_values(evidence, y))


def _select_values(evidence: Evidence) -> tuple[str, list[Any]]:
    """Case id, position and value of one run's cases; the parameters after the run's id."""
    figure = find_figure(evidence.measure)
    source = "cases c WHERE c.run_id = ?"
    params: list[Any] = []
    if figure.measure:
        source = "scores s JOIN cases c USING (run_id, case_id) WHERE s.run_id = ? AND s.measure = ?"
        source += " AND s.status <> 'not_applicable'"
        params.append(figure.measure)
    sql = f"SELECT c.case_id, c.position, {figure.value} AS value, {figure.applies} AS applies FROM {source}"
    sql += " AND list_contains(?, c.kind)"
    kept = f"SELECT case_id, position, value FROM ({sql}) WHERE applies AND value IS NOT NULL"
    return kept, [*params, list(evidence.kinds or RUN_KINDS)]
