"""A run's summary: the JSON of ``run``. Every figure that a command, screen or report shows of a run is made here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.evaluation.measures import DEFAULT_MEASURES
from engine.evaluation.statistics import MeanEstimate, estimate_mean, quantile_interval, wilson_interval

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
    """The JSON object of ``run``.

    Args:
        run_row: a row of ``runs``; ``provenance`` may hold ``seed`` and ``pass_rules``.
        case_rows: rows of ``cases`` (``detail`` is not read).
        score_rows: rows of ``scores``.
        pass_rules: the suite's; by default those in ``provenance``.
    """
    provenance = run_row.get("provenance") or {}
    rules = dict(pass_rules if pass_rules is not None else provenance.get("pass_rules") or {})
    seed = int(provenance.get("seed") or 0)
    counts = _count(case_rows)
    summary: dict[str, Any] = {
        "run_id": run_row["run_id"],
        "suite": run_row["suite"],
        "status": run_row["status"],
        "cases": run_row["cases"],
        **counts,
        "success_rate": rate_success(counts),
        "context_quality": _as_json(estimate_mean(_values(case_rows, "context_quality"), seed)),
        "latency_ms": _summarise_latency(_values(case_rows, "latency_ms")),
        "memory": {"rss_mb": None, "peak_mb": None, "accuracy": None, **(run_row.get("memory") or {})},
        "measures": summarise_measures(score_rows, seed),
        "tags": _break_down(case_rows, lambda row: row["tags"]),
        "kinds": _break_down(case_rows, lambda row: [row["kind"]]),
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


def summarise_measures(score_rows: Iterable[Row], seed: int = 0) -> dict[str, dict[str, Any]]:
    """Mean, interval and counts by measure, in the order of the registry.

    ``total`` counts the cases that the measure was put to, ``scored``, ``failed`` and ``not_applicable`` how it went.
    The mean is over the scored ones.
    """
    values: dict[str, list[float]] = defaultdict(list)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in score_rows:
        counts[row["measure"]][row["status"]] += 1
        if row["status"] == "scored":
            values[row["measure"]].append(row["value"])
    order = {name: i for i, name in enumerate(DEFAULT_MEASURES)}
    summary = {}
    for name in sorted(counts, key=lambda n: (order.get(n, len(order)), n)):
        estimate = estimate_mean(values[name], seed)
        summary[name] = {
            "mean": estimate.mean,
            "low": estimate.low,
            "high": estimate.high,
            "scored": counts[name]["scored"],
            "total": counts[name].total(),
            "failed": counts[name]["failed"],
            "not_applicable": counts[name]["not_applicable"],
        }
    return summary


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
    return measure["mean"], measure["scored"], measure["scored"] + measure["failed"] + waiting, False


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


def _break_down(case_rows: Sequence[Row], read: Any) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in case_rows:
        for name in read(row):
            groups[name].append(row)
    counted = {name: _count(rows) for name, rows in sorted(groups.items())}
    return {n: {"cases": sum(c.values()), **c, "success_rate": rate_success(c)} for n, c in counted.items()}


def _count(case_rows: Sequence[Row]) -> dict[str, int]:
    found = Counter(row["status"] for row in case_rows)
    return {name: found[status] for status, name in STATUSES.items()}


def _values(rows: Sequence[Row], name: str) -> list[float]:
    return [row[name] for row in rows if row[name] is not None]


def _as_json(estimate: MeanEstimate) -> dict[str, Any]:
    return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high, "n": estimate.n}


def _iso(value: Any) -> str | None:
    return value.isoformat() if hasattr(value, "isoformat") else value
