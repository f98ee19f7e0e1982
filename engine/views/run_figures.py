"""The main figures of a run, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.views.words import decimal, duration, interval, megabytes, milliseconds, percent, plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure with what stands under it and what it means."""

    label: str
    value: str
    note: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One pass rule of the suite."""

    name: str
    wanted: str
    value: str
    verdict: str
    reason: str


def write_headline(summary: Mapping[str, Any]) -> str:
    """The success rate in a sentence, with its interval and counts."""
    rate, ended = summary["success_rate"], _ended(summary)
    if rate["value"] is None:
        return f"{plural(ended, 'case')} ended; none has an answer that could be judged, so there is no success rate."
    passed = summary["passed"]
    text = f"{passed} of {rate['n']} judged cases passed: {percent(rate['value'])}"
    return f"{text} ({interval(rate['low'], rate['high'])})."


def write_notes(run: Mapping[str, Any], summary: Mapping[str, Any]) -> tuple[str, ...]:
    """What a reader must know before reading a figure."""
    notes = []
    ended = _ended(summary)
    if run["status"] == "interrupted":
        notes.append(
            f"Interrupted after {ended} of {run['cases']} cases; the figures cover those only. The run can be resumed."
        )
    if run["status"] == "failed":
        notes.append(
            f"The run failed after {ended} of {run['cases']} cases: {run['error'] or 'no reason was recorded'}"
        )
    if run["cases"] < run["suite_cases"]:
        notes.append(f"Limited to {run['cases']} of the suite's {run['suite_cases']} cases.")
    if summary["errors"]:
        notes.append(f"{plural(summary['errors'], 'case')} ended with an error and count as failed.")
    if summary["degraded_count"]:
        verb = "has" if summary["degraded_count"] == 1 else "have"
        notes.append(
            f"{plural(summary['degraded_count'], 'case')} of {ended} {verb} a degraded answer, most often: "
            f"{summary['degraded_reason']}"
        )
    return tuple(notes)


def build_tiles(summary: Mapping[str, Any]) -> tuple[Tile, ...]:
    """The run's main figures with their intervals and counts."""
    rate, quality, latency, memory = (summary[k] for k in ("success_rate", "context_quality", "latency_ms", "memory"))
    p95 = latency["intervals"].get("p95", {"low": None, "high": None})
    return (
        Tile(
            label="Success rate",
            value=percent(rate["value"]),
            note=f"{interval(rate['low'], rate['high'])}; {summary['passed']} of {rate['n']} passed",
            help="Cases that pass all their required checks ÷ cases judged; an error is a failure. Wilson interval.",
        ),
        Tile(
            label="Context quality",
            value=decimal(quality["mean"]),
            note=f"{interval(quality['low'], quality['high'], decimal)}; scored {quality['n']} of {summary['cases']}",
            help="Mean calibrated probability, 0 to 1, that the chosen passages support the answer. Higher is better.",
        ),
        Tile(
            label="Latency p95",
            value=milliseconds(latency["p95"]),
            note=f"{interval(p95['low'], p95['high'], milliseconds)}; p50 {milliseconds(latency['p50'])}",
            help="Wall time that 95 of 100 answers stay under. Lower is better. Interval by order statistics.",
        ),
        Tile(
            label="Peak memory",
            value=megabytes(memory["peak_mb"]),
            note=f"reported against the kernel's figure: {percent(memory['accuracy'])}",
            help="Largest resident memory of the run's own process.",
        ),
        Tile(
            label="Working time",
            value=duration(summary["seconds"]),
            note=f"{_ended(summary)} of {summary['cases']} cases ended",
            help="Time spent working, over all resumes.",
        ),
    )


def build_rule(rule: Mapping[str, Any]) -> RuleRow:
    """One pass rule in words."""
    write = milliseconds if rule["name"].endswith("_ms") else percent if rule["name"] == "success_rate" else decimal
    return RuleRow(
        name=rule["name"],
        wanted=f"{rule['direction']} {write(rule['goal'])}",
        value=write(rule["value"]),
        verdict=rule["verdict"],
        reason=rule["reason"],
    )


def _ended(summary: Mapping[str, Any]) -> int:
    return sum(summary[name] for name in ("passed", "failed", "errors", "unscored"))
