"""The rows of a report's tables as words, once for HTML, PDF and Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.reports.report import PhaseReport
from engine.reports.run_model import Estimate, JudgeUse, RunReport
from engine.reports.wording import (
    NO_DATA,
    NO_INTERVAL,
    count_words,
    duration_words,
    goal_words,
    interval_words,
    threshold_words,
    time_words,
    value_words,
)
from engine.roadmap.types import Claim, GoalVerdict

NO_BREAK = "\u00a0"
MOST_CASES = 100_000  # more than that nobody will write


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalRow:
    """One goal in words. ``verdict`` is pass, fail or no_data; ``reason`` is the gate's sentence, ``remark`` the table's."""

    kpi: str
    title: str
    goal: str
    value: str
    interval: str
    cases: str
    verdict: str
    waived: bool
    reason: str
    remark: str
    suites: str
    runs: str
    source: str
    command: str


def goal_rows(report: PhaseReport) -> list[GoalRow]:
    """The goals of the gate, in its order."""
    return [_goal_row(goal) for goal in report.goals]


def _goal_row(goal: GoalVerdict) -> GoalRow:
    return GoalRow(
        kpi=goal.kpi,
        title=goal.title,
        goal=goal_words(goal.direction, goal.threshold, goal.unit),
        value=value_words(goal.value, goal.unit, goal.threshold),
        interval=interval_words(goal.low, goal.high, goal.unit) if goal.value is not None else "—",
        cases=f"{goal.scored:,} of {goal.total:,}" if goal.total else "—",
        verdict=goal.verdict,
        waived=goal.waiver is not None,
        reason=goal.reason,
        remark=_remark(goal),
        suites=", ".join(goal.suites),
        runs=", ".join(goal.runs),
        source=goal.source,
        command=goal.command,
    )


def _remark(goal: GoalVerdict) -> str:
    """What the other columns do not say: how far from the goal, how sure; the gate's reason where nothing was measured;
    the waiver that lets it pass."""
    words = _distance(goal)
    if goal.waiver is None:
        return words
    waived = f"Waived until {goal.waiver['expires_on']} by {goal.waiver['who']}: {_sentence(goal.waiver['reason'])}"
    return f"{waived} {words}".rstrip()


def _distance(goal: GoalVerdict) -> str:
    if goal.value is None or goal.verdict == "no_data":
        return _sentence(goal.reason)
    if goal.unit == "done":
        return ""
    gap = abs(goal.value - goal.threshold)
    size = f"{100 * gap:.3g} percentage points" if goal.unit == "share" else value_words(gap, goal.unit)
    side = "above" if goal.value > goal.threshold else "below"
    words = f"{size} {side} the goal" if gap else "exactly the goal"
    if (goal.low, goal.high) == (None, None):
        return f"{_sentence(words)} One figure a run, so no interval."
    if goal.more_cases == 0:
        return f"{_sentence(words)} The interval lies clear of it."
    if goal.more_cases is None:
        return f"{_sentence(words)} The interval reaches across it."
    if goal.more_cases > MOST_CASES:
        return f"{_sentence(words)} Too close to it for any number of cases to decide."
    return f"{_sentence(words)} The interval reaches across it; about {count_words(goal.more_cases, 'more case')} would decide."


def _sentence(words: str) -> str:
    words = words[:1].upper() + words[1:]
    return words if not words or words.endswith((".", "!", "?")) else f"{words}."


def missing_rows(report: PhaseReport) -> list[tuple[str, str]]:
    """A command, and the goals that it gives evidence for; an empty command where a person has to act."""
    by_command: dict[str, list[str]] = {}
    for goal in report.missing:
        by_command.setdefault(goal.command, []).append(goal.title)
    rows = [(command, "; ".join(titles)) for command, titles in by_command.items()]
    return sorted(rows, key=lambda row: row[0] == "")


def run_facts(run: RunReport) -> list[tuple[str, str]]:
    """Name and words of a run's main figures."""
    latency = [f"{key} {value_words(run.latency_ms.get(key), 'ms')}" for key in ("p50", "p95", "p99")]
    has_latency = any(run.latency_ms.get(key) is not None for key in ("p50", "p95", "p99"))
    facts = [
        ("Success rate", estimate_words(run.success_rate, "share")),
        ("Context quality", estimate_words(run.context_quality, "")),
        ("Latency", ", ".join(latency) if has_latency else NO_DATA),
        ("Cases", cases_words(run)),
    ]
    memory = run.memory or {}
    if memory.get("peak_mb") is not None:
        words = f"peak {value_words(memory['peak_mb'], 'MB')}"
        if memory.get("accuracy") is not None:
            words += f", reported within {value_words(1 - memory['accuracy'], 'share')} of the kernel's figure"
        facts.append(("Memory", words))
    facts += [("Started", time_words(run.started_at)), ("Took", duration_words(run.seconds))]
    if run.cost_usd:
        facts.append(("Cost of the models", f"{run.cost_usd:.4f} USD"))
    return facts


def cases_words(run: RunReport) -> str:
    """``90: 75 passed, 14 failed, 1 error``."""
    counts = [f"{run.passed:,} passed", f"{run.failed:,} failed", count_words(run.errors, "error")]
    counts += [f"{run.unscored:,} unscored"] if run.unscored else []
    return f"{run.cases:,}: {', '.join(count.replace(' ', NO_BREAK) for count in counts)}"


def estimate_words(estimate: Estimate, unit: str) -> str:
    """``84.2 % (80.1 – 87.3 %), 90 of 92 cases``."""
    if estimate.value is None:
        return NO_DATA
    words = value_words(estimate.value, unit)
    if (estimate.low, estimate.high) != (None, None):
        words += f" ({interval_words(estimate.low, estimate.high, unit)})"
    return words


MEASURE_HEAD = ("Measure", "Mean", "95 % interval", "Scored", "Failed", "Unjudged", "Judge")
"""Heads of :func:`measure_rows`."""


def measure_rows(run: RunReport) -> list[tuple[str, ...]]:
    """Measure, mean, 95 % interval, scored of attempted, failed, left unjudged, who judged."""
    return [
        (
            name,
            value_words(m.value, ""),
            interval_words(m.low, m.high, "") if m.value is not None else NO_INTERVAL,
            f"{m.n:,} of {m.attempted:,}",
            f"{m.failed:,}" if m.failed else NO_INTERVAL,
            f"{m.unjudged:,}" if m.unjudged else NO_INTERVAL,
            ", ".join(judge_words(use) for use in m.judges) or ("none" if m.unjudged else "no model"),
        )
        for name, m in run.measures.items()
    ]


def judge_words(use: JudgeUse) -> str:
    """``strict, prompts 3fa85f64, 3 times``."""
    words = f"{use.judge}, prompts {use.prompt_hash[:8]}" if use.prompt_hash else use.judge
    return f"{words}, {use.repeats} times" if use.repeats > 1 else words


def claim_rows(report: PhaseReport) -> list[tuple[str, str, str, str]]:
    """KPI or topic, the document's figure, its words, where."""
    return [
        (claim.title or claim.kpi, _claim_value(report, claim), claim.text, claim.source) for claim in report.claims
    ]


def _claim_value(report: PhaseReport, claim: Claim) -> str:
    if claim.value is None:
        return "—"
    units = {kpi.id: kpi.unit for kpi in report.roadmap.kpis}
    return threshold_words(claim.value, units.get(claim.kpi, ""))


def plain_facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings or provenance, one line each: nested objects as ``name: value, ...``; nothing for what is empty."""
    return [(name.replace("_", " "), _plain(value)) for name, value in facts.items() if value not in (None, "", {}, [])]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return value if isinstance(value, str) else json.dumps(value, default=str)


def report_facts(report: PhaseReport) -> list[tuple[str, str]]:
    """What stands under the title: when, from which document, by which rule."""
    dates = " to ".join(day.isoformat() for day in (report.phase.start, report.phase.end) if day)
    rule = {
        "point": "the measured value meets the goal",
        "strict": "the near end of the 95 % interval meets the goal",
    }[report.gate.policy]
    facts = [
        ("Target", "the built-in pipeline" if report.gate.target == "pipeline" else report.gate.target),
        ("A goal is met when", rule),
        ("Planned", dates or report.phase.duration),
        ("Roadmap document", report.roadmap.document),
        ("Generated", time_words(report.generated_at)),
        ("Evidence hash", report.evidence_hash[:16]),
    ]
    return [(name, words) for name, words in facts if words]
