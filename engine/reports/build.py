"""A phase report from the store: the gate, its evidence runs and their cases, read once."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.evaluation.summary import summarise_run
from engine.reports.report import (
    Estimate,
    FailingCase,
    Histogram,
    KpiTrend,
    PhaseReport,
    RunReport,
    TagCount,
)
from engine.roadmap.gates import check_gate, find_phase, kpi_history
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Gate, Policy, Roadmap
from engine.store import RunStore, Store

FAILING_SHOWN = 6
TEXT_SHOWN = 240
BINS = 24
TREND_POINTS = 20
TREND_RUNS = 12  # of each suite


def build_report(
    roadmap: Roadmap | str, phase: int, store: Store, *, run_id: str | None = None, policy: Policy = "point"
) -> PhaseReport:
    """Everything that a report of one phase says.

    Args:
        roadmap: the roadmap, or the name of a shipped one.
        run_id: read this run alone instead of the newest ones.

    Raises:
        InputError: no such roadmap, phase or run.
    """
    plan = load_roadmap(roadmap) if isinstance(roadmap, str) else roadmap
    chosen = find_phase(plan, phase)
    gate = check_gate(plan, phase, store, run_id=run_id, policy=policy)
    last = phase == max(p.number for p in plan.phases)
    return PhaseReport(
        roadmap=plan,
        phase=chosen,
        gate=gate,
        claims=(*plan.baselines, *chosen.claims, *plan.claims),
        checklist=(*chosen.checklist, *(plan.checklist if last else ())),
        trends=load_trends(plan, gate, store),
        runs=tuple(load_run_report(store, run_id) for run_id in _run_ids(gate)),
        generated_at=datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0),
    )


def load_trends(roadmap: Roadmap, gate: Gate, store: Store) -> tuple[KpiTrend, ...]:
    """The newest points of every KPI that the gate has a goal for; KPIs without any are left out."""
    asked = {goal.kpi for goal in gate.goals}
    few = dataclasses.replace(roadmap, kpis=tuple(kpi for kpi in roadmap.kpis if kpi.id in asked))
    points = kpi_history(few, store, TREND_RUNS)
    trends = [
        KpiTrend(goal=goal, points=tuple(point for point in points if point.kpi == goal.kpi)[-TREND_POINTS:])
        for goal in gate.goals
    ]
    return tuple(trend for trend in trends if trend.points)


def load_run_report(store: Store, run_id: str) -> RunReport:
    """One run: the figures of its summary, its cases by tag, a histogram of its latencies, failing cases.

    Raises:
        UnknownNameError: no such run.
    """
    with RunStore(store) as runs:
        row = runs.load_run(run_id)
    cases = store.query(
        "SELECT case_id, kind, status, context_quality, latency_ms, tags FROM cases WHERE run_id = ? ORDER BY position",
        (run_id,),
    )
    scores = store.query("SELECT measure, status, value FROM scores WHERE run_id = ?", (run_id,))
    summary = summarise_run(row, cases, scores)
    return RunReport(
        run_id=run_id,
        suite=row["suite"],
        suite_hash=row["suite_hash"],
        target=row["target"],
        preset=row["preset"] or "",
        status=row["status"],
        started_at=row["started_at"],
        seconds=row["seconds"],
        cases=summary["cases"],
        passed=summary["passed"],
        failed=summary["failed"],
        errors=summary["errors"],
        unscored=summary["unscored"],
        success_rate=_estimate(summary["success_rate"], summary["cases"]),
        context_quality=_estimate(summary["context_quality"], summary["cases"]),
        latency_ms={key: summary["latency_ms"].get(key) for key in ("p50", "p95", "p99")},
        latencies=count_histogram([case["latency_ms"] for case in cases if case["latency_ms"] is not None]),
        memory={name: value for name, value in summary["memory"].items() if value is not None},
        measures={name: _estimate(m, m["total"]) for name, m in summary["measures"].items()},
        tags=count_tags(cases),
        failing=_load_failing(store, run_id),
        failing_total=summary["failed"] + summary["errors"],
        settings=row["settings"],
        provenance=row["provenance"],
    )


def count_tags(cases: Iterable[Mapping[str, Any]]) -> tuple[TagCount, ...]:
    """Cases by tag, or by kind where no case has a tag; most failures first, then the larger, then by name."""
    rows = list(cases)
    tagged = any(case["tags"] for case in rows)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for case in rows:
        for tag in dict.fromkeys(case["tags"] if tagged else [case["kind"]]):
            counts[tag][case["status"]] += 1
    tags = [
        TagCount(tag=tag, passed=c["passed"], failed=c["failed"], errors=c["error"], unscored=c["unscored"])
        for tag, c in counts.items()
    ]
    return tuple(sorted(tags, key=lambda tag: (-(tag.failed + tag.errors), -tag.total, tag.tag)))


def count_histogram(values: Sequence[float]) -> Histogram | None:
    """Equal bins from zero to the largest value, or to half as much again as p99 where that is less.

    None without values. So one case that hung does not press all others into the first bin.
    """
    if not values:
        return None
    top = min(max(values), 1.5 * float(np.quantile(values, 0.99))) or 1.0
    counts, edges = np.histogram(values, bins=BINS, range=(0.0, top))
    return Histogram(
        edges=tuple(float(edge) for edge in edges),
        counts=tuple(int(count) for count in counts),
        beyond=len(values) - int(counts.sum()),
    )


def _run_ids(gate: Gate) -> list[str]:
    read = [run.run_id for run in gate.runs] + [run_id for goal in gate.goals for run_id in goal.runs]
    return list(dict.fromkeys(read))


def _estimate(figures: Mapping[str, Any], total: int) -> Estimate:
    return Estimate(
        value=figures["value"] if "value" in figures else figures["mean"],
        low=figures["low"],
        high=figures["high"],
        n=figures["n"] if "n" in figures else figures["scored"],
        total=total,
    )


def _load_failing(store: Store, run_id: str) -> tuple[FailingCase, ...]:
    rows = store.query(
        "SELECT case_id, status, question, answer, checks, detail FROM cases"
        " WHERE run_id = ? AND status IN ('failed', 'error')"
        " ORDER BY status, position LIMIT ?",
        (run_id, FAILING_SHOWN),
    )
    return tuple(
        FailingCase(
            case_id=row["case_id"],
            status=row["status"],
            question=_shorten(row["question"]),
            answer=_shorten(row["answer"] or ""),
            why=_shorten(_explain(row)),
        )
        for row in rows
    )


def _explain(row: Mapping[str, Any]) -> str:
    if row["status"] == "error":
        return f"error: {row['detail'].get('error') or 'unknown'}"
    failed = [name.replace("_", " ") for name, passed in row["checks"].items() if not passed]
    return f"not {', not '.join(failed)}" if failed else "failed"


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT_SHOWN else line[: TEXT_SHOWN - 1].rstrip() + "…"
