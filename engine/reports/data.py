"""The report for programs: JSON and CSV, every figure with all of its digits."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

from engine.reports.report import PhaseReport
from engine.roadmap.types import GoalVerdict

CSV_COLUMNS = (
    "kpi", "value", "verdict", "title", "goal", "direction", "threshold", "unit", "low", "high", "n", "scored", "total",
    "more_cases", "reason", "suites", "runs", "source", "command", "roadmap", "phase", "checked_at",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def render_json(report: PhaseReport) -> bytes:
    """The gate's JSON (``goals`` at the top, as ``gate --json`` prints them) and the rest of the report beside it."""
    gate = report.gate.as_json()
    phase = report.phase
    document = gate | {
        "title": report.title,
        "headline": report.headline,
        "generated_at": report.generated_at.isoformat() + "Z",
        "plan": {"duration": phase.duration, "start": phase.start, "end": phase.end, "goal": phase.goal_text},
        "trends": {trend.goal.kpi: trend.points for trend in report.trends},
        "evidence": report.runs,
        "checklist": report.checklist,
        "claims": {"document": report.roadmap.document, "measured_here": False, "items": report.claims},
    }
    return (json.dumps(_plain(document), ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode("utf-8")


def render_csv(report: PhaseReport) -> bytes:
    """One line per goal; ``value`` is empty without data. A text cell that a spreadsheet could run is quoted inert."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for goal in report.goals:
        writer.writerow([_cell(value) for value in _goal_cells(report, goal)])
    return buffer.getvalue().encode("utf-8")


def _goal_cells(report: PhaseReport, goal: GoalVerdict) -> list[Any]:
    row = goal.as_json() | {
        "suites": " ".join(goal.suites),
        "runs": " ".join(goal.runs),
        "roadmap": report.roadmap.name,
        "phase": report.phase.number,
        "checked_at": report.gate.as_json()["checked_at"],
    }
    return [row[name] for name in CSV_COLUMNS]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return repr(value)
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


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
