"""The reports for programs: JSON and CSV, every figure with all of its digits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

from engine.reports.csv_text import write_lines
from engine.reports.method import method_rows, run_method_rows
from engine.reports.phase_words import find_next_step, missing_words
from engine.reports.report import PhaseReport
from engine.reports.run_model import MeasureFigures, RunReport
from engine.roadmap.types import GoalVerdict

CSV_COLUMNS = (
    "kpi", "value", "verdict", "title", "goal", "direction", "threshold", "unit", "low", "high", "n", "scored", "total",
    "more_cases", "reason", "suites", "runs", "source", "command", "roadmap", "phase", "checked_at", "counted",
    "waived_until", "waived_by", "waiver_reason",
)  # fmt: skip
RUN_COLUMNS = (
    "kpi", "value", "verdict", "unit", "low", "high", "scored", "attempted", "failed", "unjudged", "not_applicable",
    "judges", "goal", "reason", "run", "suite", "target", "status",
)  # fmt: skip
CASE_COLUMNS = (
    "case", "status", "kind", "why", "context_quality", "latency_ms", "tags", "question", "answer", "expected",
)  # fmt: skip


def render_json(report: PhaseReport) -> bytes:
    """The gate's JSON (``goals`` at the top, as ``gate --json`` prints them) and the rest of the report beside it."""
    phase = report.phase
    document = report.gate.as_json() | {
        "title": report.title,
        "headline": report.headline,
        "missing": missing_words(report),
        "next_step": find_next_step(report),
        "generated_at": report.generated_at,
        "plan": {"duration": phase.duration, "start": phase.start, "end": phase.end, "goal": phase.goal_text},
        "evidence_hash": report.evidence_hash,
        "signoffs": [review.as_json() for review in report.sign_offs],
        "waivers": report.waivers,
        "changes": [
            {
                "since": changes.since,
                "moment": changes.moment,
                "goals": [
                    {
                        "kpi": row.goal.kpi,
                        "before": row.before,
                        "before_verdict": row.before_verdict,
                        "before_goal": row.before_goal,
                        "value": row.goal.value,
                        "verdict": row.goal.verdict,
                        "goal": row.goal.goal,
                        "turned": row.turned,
                        "gain": row.gain,
                        "within_interval": row.within,
                    }
                    for row in changes.goals
                ],
                "runs": [run.run_id for run in changes.runs],
                "edits": changes.edits,
                "evidence": changes.evidence,
            }
            for changes in report.changes
        ],
        "trends": {trend.goal.kpi: trend.points for trend in report.trends},
        "evidence": report.runs,
        "checklist": report.checklist,
        "claims": {"document": report.roadmap.document, "measured_here": False, "items": report.claims},
        "method": [{"topic": topic, "words": words} for topic, words in method_rows(report)],
    }
    return _encode(document)


def render_csv(report: PhaseReport) -> bytes:
    """One line per goal; ``value`` is empty without data. A text cell that a spreadsheet could run is quoted inert.

    ``verdict`` is what was measured, ``counted`` what the gate takes it for: pass where a waiver holds.
    """
    return b"".join(write_lines(CSV_COLUMNS, (_goal_cells(report, goal) for goal in report.goals)))


def render_run_json(run: RunReport) -> bytes:
    """Everything that the report of one run says."""
    method = [{"topic": topic, "words": words} for topic, words in run_method_rows(run)]
    return _encode(_plain(run) | {"method": method})


def render_run_csv(run: RunReport) -> bytes:
    """One line per figure: success rate, context quality, latency, then every measure. ``verdict`` is of a pass rule."""
    return b"".join(write_lines(RUN_COLUMNS, _run_lines(run)))


def render_cases_csv(cases: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """One line per case, in parts."""
    return write_lines(CASE_COLUMNS, ([case[name] for name in CASE_COLUMNS] for case in cases))


def _run_lines(run: RunReport) -> Iterator[list[Any]]:
    rules = {rule.name: rule for rule in run.pass_rules}
    ended = run.passed + run.failed + run.errors + run.unscored
    rows: dict[str, tuple[str, Any]] = {
        "success_rate": ("share", run.success_rate),
        "context_quality": ("probability", run.context_quality),
    }
    rows |= {f"latency_{key}_ms": ("ms", key) for key in ("p50", "p95", "p99")}
    rows |= {name: ("score", figures) for name, figures in run.measures.items()}
    for name, (unit, found) in rows.items():
        rule = rules.get(name)
        head = [name, found.value if hasattr(found, "value") else run.latency_ms.get(found)]
        head += [rule.verdict if rule else "", unit]
        if isinstance(found, MeasureFigures):
            judges = " ".join(dict.fromkeys(use.judge for use in found.judges))
            counts = [found.n, found.attempted, found.failed, found.unjudged, found.not_applicable, judges]
            ends = (found.low, found.high)
        elif hasattr(found, "value"):
            counts, ends = [found.n, ended, None, None, None, ""], (found.low, found.high)
        else:
            counts, ends = [None, ended, None, None, None, ""], run.latency_intervals.get(found, (None, None))
        goal = f"{rule.direction} {rule.goal:g}" if rule else ""
        yield [*head, *ends, *counts, goal, rule.reason if rule else "", run.run_id, run.suite, run.target, run.status]


def _goal_cells(report: PhaseReport, goal: GoalVerdict) -> list[Any]:
    waiver = goal.waiver or {}
    row = goal.as_json() | {
        "suites": " ".join(goal.suites),
        "runs": " ".join(goal.runs),
        "roadmap": report.roadmap.name,
        "phase": report.phase.number,
        "checked_at": report.gate.as_json()["checked_at"],
        "counted": goal.counted,
        "waived_until": waiver.get("expires_on"),
        "waived_by": waiver.get("who"),
        "waiver_reason": waiver.get("reason"),
    }
    return [row[name] for name in CSV_COLUMNS]


def _encode(document: Any) -> bytes:
    return (json.dumps(_plain(document), ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode("utf-8")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return value
