"""A run's summary: the JSON of ``run``. Every figure that a command, screen or report shows of a run is made here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.evaluation.measures import DEFAULT_MEASURES, is_higher_better
from engine.evaluation.statistics import (
    MeanEstimate,
    estimate_mean,
    moments_interval,
    quantile_interval,
    wilson_interval,
)
from engine.store.run_figures import MeasureFigures, RunFigures

Row = Mapping[str, Any]
COVERAGE = 0.95  # share of the cases that must have been scored for a verdict
STATUSES = {"passed": "passed", "failed": "failed", "error": "errors", "unscored": "unscored"}


def summarise_run(
    run_row: Row,
    case_rows: Sequence[Row],
    score_rows: Iterable[Row],
    *,
    pass_rules: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """The JSON object of ``run`` from rows at hand; ``summarise_figures`` takes what the database has counted.

    Args:
        run_row: a row of ``runs``; ``provenance`` may hold ``seed`` and ``pass_rules``.
        case_rows: rows of ``cases`` (``detail`` is not read).
        score_rows: rows of ``scores``.
        pass_rules: the suite's; by default those in ``provenance``.
    """
    figures = RunFigures(
        statuses=Counter(row["status"] for row in case_rows),
        tags=_group(case_rows, lambda row: row["tags"]),
        kinds=_group(case_rows, lambda row: [row["kind"]]),
        latencies=_values(case_rows, "latency_ms"),
        qualities=_values(case_rows, "context_quality"),
        measures=collect_measures(score_rows),
    )
    return summarise_figures(run_row, figures, pass_rules=pass_rules)


def summarise_figures(
    run_row: Row, figures: RunFigures, *, pass_rules: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """The JSON object of ``run`` from the run's row and its figures."""
    provenance = run_row.get("provenance") or {}
    rules = dict(pass_rules if pass_rules is not None else provenance.get("pass_rules") or {})
    seed = int(provenance.get("seed") or 0)
    counts = _count(figures.statuses)
    summary: dict[str, Any] = {
        "run_id": run_row["run_id"],
        "suite": run_row["suite"],
        "status": run_row["status"],
        "cases": run_row["cases"],
        **counts,
        "success_rate": rate_success(counts),
        "context_quality": _as_json(estimate_mean(figures.qualities, seed)),
        "latency_ms": _summarise_latency(figures.latencies),
        "memory": {"rss_mb": None, "peak_mb": None, "accuracy": None, **(run_row.get("memory") or {})},
        "measures": summarise_measures(figures.measures, seed),
        "tags": _break_down(figures.tags),
        "kinds": _break_down(figures.kinds),
        "seconds": round(float(run_row.get("seconds") or 0.0), 3),
        "execution_duration": round(float(run_row.get("seconds") or 0.0), 3),
        "started_at": _iso(run_row.get("started_at")),
        "ended_at": _iso(run_row.get("ended_at")),
        "error": run_row.get("error"),
    }
    summary["pass_rules"] = [check_rule(name, goal, summary) for name, goal in rules.items()]
    verdicts = {rule["verdict"] for rule in summary["pass_rules"]}
    summary["verdict"] = next((v for v in ("fail", "no_data", "pass") if v in verdicts), None)
    return summary


def rate_success(counts: Mapping[str, int]) -> dict[str, Any]:
    """Success rate with its Wilson interval; an error counts as a failure, an unscored case not at all."""
    n = counts["passed"] + counts["failed"] + counts["errors"]
    interval = wilson_interval(counts["passed"], n)
    return {"value": counts["passed"] / n if n else None, "low": interval.low, "high": interval.high, "n": n}


def collect_measures(score_rows: Iterable[Row]) -> tuple[MeasureFigures, ...]:
    """The figures of every measure from rows of ``scores``."""
    values: dict[str, list[float]] = defaultdict(list)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    judges: dict[str, set[str]] = defaultdict(set)
    for row in score_rows:
        counts[row["measure"]][row["status"]] += 1
        if row["status"] == "scored":
            values[row["measure"]].append(row["value"])
            judges[row["measure"]].add(row.get("judge") or "")
    return tuple(
        MeasureFigures(
            name=name,
            total=count.total(),
            scored=count["scored"],
            failed=count["failed"],
            unjudged=count["unjudged"],
            not_applicable=count["not_applicable"],
            zeros=values[name].count(0.0),
            ones=values[name].count(1.0),
            judges=tuple(sorted(judges[name])),
            values=tuple(values[name]),
        )
        for name, count in counts.items()
    )


def summarise_measures(measures: Iterable[MeasureFigures], seed: int = 0) -> dict[str, dict[str, Any]]:
    """Mean, interval and counts by measure, in the order of the registry.

    ``total`` counts the cases that have a row of the measure, ``attempted`` those of them that it applies to: ``scored``,
    ``failed`` and ``unjudged`` ones. The mean is over the scored ones. Where several judges scored, or a judge and none,
    there is no mean and ``reason`` says so.
    """
    order = {name: i for i, name in enumerate(DEFAULT_MEASURES)}
    ranked = sorted(measures, key=lambda m: (order.get(m.name, len(order)), m.name))
    return {measure.name: _summarise_measure(measure, seed) for measure in ranked}


def _summarise_measure(measure: MeasureFigures, seed: int) -> dict[str, Any]:
    if len(measure.judges) > 1:
        estimate = MeanEstimate(mean=None, low=None, high=None, n=measure.scored)
        named = [judge or "no model" for judge in measure.judges]
        reason = f"scored by {', '.join(named)}: scores of different judges are not one sample"
    else:
        estimate, reason = _estimate_measure(measure, seed), ""
    return {
        "mean": estimate.mean,
        "low": estimate.low,
        "high": estimate.high,
        "scored": measure.scored,
        "total": measure.total,
        "attempted": measure.scored + measure.failed + measure.unjudged,
        "failed": measure.failed,
        "unjudged": measure.unjudged,
        "not_applicable": measure.not_applicable,
        "judges": [judge for judge in measure.judges if judge],
        "reason": reason,
    }


def _estimate_measure(measure: MeasureFigures, seed: int) -> MeanEstimate:
    if measure.values is not None or not measure.scored:
        return estimate_mean(measure.values or (), seed)
    if measure.zeros + measure.ones == measure.scored:
        interval = wilson_interval(measure.ones, measure.scored)
        return MeanEstimate(mean=measure.ones / measure.scored, low=interval.low, high=interval.high, n=measure.scored)
    assert measure.mean is not None and measure.deviation is not None
    interval = moments_interval(measure.mean, measure.deviation, measure.scored)
    return MeanEstimate(mean=measure.mean, low=interval.low, high=interval.high, n=measure.scored)


def check_rule(name: str, goal: float, summary: Row) -> dict[str, Any]:
    """Verdict of one pass rule: coverage before value, then the value itself (policy ``point``)."""
    value, covered, asked, most = _find_figure(name, summary)
    sign = "at most" if most else "at least"
    if value is None or asked == 0 or covered < COVERAGE * asked:
        verdict, reason = "no_data", f"{covered} of {asked} cases were scored; {COVERAGE:.0%} are needed"
    else:
        met = value <= goal if most else value >= goal
        verdict, reason = ("pass" if met else "fail"), f"{value:.4g}, {sign} {goal:g} wanted"
    return {"name": name, "goal": goal, "direction": sign, "value": value, "verdict": verdict, "reason": reason}


def _find_figure(name: str, summary: Row) -> tuple[float | None, int, int, bool]:
    """Value, cases behind it, cases it should have, and whether less is better."""
    ended = sum(summary[key] for key in STATUSES.values())
    if name == "success_rate":
        return summary["success_rate"]["value"], ended, summary["cases"], False
    if name == "latency_p95_ms":
        return summary["latency_ms"]["p95"], ended, summary["cases"], True
    if name == "memory_accuracy":
        return summary["memory"]["accuracy"], ended, summary["cases"], False
    measure = summary["measures"].get(name)
    if measure is None:
        quality = summary["context_quality"] if name == "context_quality" else {"mean": None, "n": 0}
        return quality["mean"], quality["n"], summary["cases"], False
    waiting = summary["cases"] - ended
    return measure["mean"], measure["scored"], measure["attempted"] + waiting, not is_higher_better(name)


def _summarise_latency(values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"p50": None, "p95": None, "p99": None, "n": 0, "intervals": {}}
    figures: dict[str, Any] = {}
    intervals = {}
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        figures[name] = round(float(np.quantile(values, q)), 3)
        interval = quantile_interval(values, q)
        intervals[name] = {"low": interval.low, "high": interval.high}
    return {**figures, "n": len(values), "intervals": intervals}


def _group(case_rows: Sequence[Row], read: Any) -> dict[str, Counter[str]]:
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for row in case_rows:
        for name in read(row):
            groups[name][row["status"]] += 1
    return groups


def _break_down(groups: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, Any]]:
    counted = {name: _count(found) for name, found in sorted(groups.items())}
    return {n: {"cases": sum(c.values()), **c, "success_rate": rate_success(c)} for n, c in counted.items()}


def _count(statuses: Mapping[str, int]) -> dict[str, int]:
    return {name: statuses.get(status, 0) for status, name in STATUSES.items()}


def _values(rows: Sequence[Row], name: str) -> list[float]:
    return [row[name] for row in rows if row[name] is not None]


def _as_json(estimate: MeanEstimate) -> dict[str, Any]:
    return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high, "n": estimate.n}


def _iso(value: Any) -> str | None:
    return value.isoformat() if hasattr(value, "isoformat") else value
