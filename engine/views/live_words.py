"""Figures and findings of the Live screen in words: its windows, its points, its tiles and the titles of its charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psutil

from engine.views.run_figures import Tile
from engine.views.words import DASH, count, megabytes, milliseconds, percent, plural

MB = 1024 * 1024
UNANSWERED = ("refused", "error")
FAILED = ("degraded", *UNANSWERED)


@dataclass(frozen=True, slots=True)
class Window:
    """How far back one looks, in steps of how many seconds, and how often the screen reads anew."""

    title: str
    span: timedelta
    step_s: int
    refresh_s: int


WINDOWS = {
    "15m": Window("15 min", timedelta(minutes=15), 15, 5),
    "1h": Window("1 h", timedelta(hours=1), 60, 5),
    "6h": Window("6 h", timedelta(hours=6), 300, 15),
    "24h": Window("24 h", timedelta(hours=24), 900, 30),
    "7d": Window("7 d", timedelta(days=7), 7200, 60),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePoint:
    """One interval: its begin and end (seconds since 1970, UTC) and what was measured in it; no requests, no latency."""

    begins: int
    ends: int
    when: datetime | None
    requests: int
    outcomes: Mapping[str, int]
    p50: float | None
    p95: float | None
    p99: float | None
    tokens: int
    cost_usd: float
    cached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPoint:
    """Memory and threads of one process in five minutes: the most of each."""

    when: datetime | None
    process: str
    memory_mb: float | None
    threads: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartWords:
    """The titles of the charts, which say the finding."""

    traffic: str
    latency: str
    cache: str
    tokens: str
    cost: str
    memory: str


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def build_tiles(
    totals: Mapping[str, float], summary: Mapping[str, Any], window: Window, limits: Mapping[str, float | None]
) -> tuple[Tile, ...]:
    """The figures on top: over the window, and this process's memory now."""
    served = totals["answered"] + totals["abstained"] + totals["degraded"]
    p50, p95, p99 = summary.get("ms") or (None, None, None)
    minutes = window.span.total_seconds() / 60
    process = psutil.Process()
    limit = limits.get("memory_mb")
    return (
        Tile(
            label="Requests",
            value=count(int(totals["requests"])),
            note=f"{totals['requests'] / minutes:.3g} a minute",
            help="Questions at every door: screens, HTTP API, command line.",
        ),
        Tile(
            label="Answered",
            value=percent(_share(served, totals["judged"])),
            note=_describe_failures(totals).rpartition(", ")[2],
            help="Answered, abstained or cleanly degraded, of all that were not cancelled. The rest was refused or ended "
            "with an error. A degraded answer says what it lacks.",
        ),
        Tile(
            label="p95",
            value=milliseconds(p95),
            note=f"p50 {milliseconds(p50)}, p99 {milliseconds(p99)}",
            help="Time that 95 of 100 requests stay under, from the question to the whole answer.",
        ),
        Tile(
            label="First text, p95",
            value=milliseconds(summary.get("first_text_p95")),
            note="where a model wrote",
            help="Time until the first words appear.",
        ),
        Tile(
            label="From a cache",
            value=percent(_share(totals["cached"], totals["judged"])),
            note=f"{count(int(totals['cached']))} of {count(int(totals['judged']))}",
            help="Requests that a cache tier answered.",
        ),
        Tile(
            label="Cost",
            value=f"{totals['cost_usd']:.4g} USD" if totals["requests"] else DASH,
            note=f"{count(int(totals['tokens']))} tokens",
            help="As the providers' prices say; calls without a known price count 0.",
        ),
        Tile(
            label="Context quality",
            value=DASH if summary.get("context_quality") is None else f"{summary['context_quality']:.3f}",
            note=f"alert below {limits['context_quality']:g}"
            if limits.get("context_quality")
            else "mean of the window",
            help="Calibrated probability that the context supports the answer; mean over the window.",
        ),
        Tile(
            label="Memory",
            value=megabytes(process.memory_info().rss / MB),
            note=f"{process.num_threads()} threads",
            help="Resident memory of this app's process, now."
            + (f" An alert fires above {limit:g} MB." if limit else ""),
        ),
    )


def write_titles(
    points: Sequence[LivePoint],
    totals: Mapping[str, float],
    summary: Mapping[str, Any],
    window: Window,
    memory: Sequence[MemoryPoint],
    limits: Mapping[str, float | None],
) -> ChartWords:
    """The finding of each chart."""
    failed = sum(totals[name] for name in FAILED)
    worst = max(points, key=lambda p: sum(p.outcomes[name] for name in FAILED), default=None)
    traffic = f"{plural(int(totals['requests']), 'request')} in {window.title}: {_describe_failures(totals)}"
    if worst and failed:
        traffic += f", most from {_hour(worst.when, window)} on"
    slow = max((p for p in points if p.p95 is not None), key=lambda p: p.p95 or 0.0, default=None)
    p95 = (summary.get("ms") or (None, None, None))[1]
    latency = f"p95 is {milliseconds(p95)}" if p95 is not None else "No latency yet"
    if slow and slow.p95 is not None:
        latency += f"; the slowest interval, from {_hour(slow.when, window)} on, has {milliseconds(slow.p95)}"
    most = max((m.memory_mb for m in memory if m.memory_mb is not None), default=None)
    limit = limits.get("memory_mb")
    over = "" if most is None or limit is None else ", above the alert" if most > limit else ", under the alert"
    return ChartWords(
        traffic=traffic,
        latency=latency,
        cache=f"{percent(_share(totals['cached'], totals['judged']))} of the requests came from a cache",
        tokens=f"{count(int(totals['tokens']))} tokens went to models and back",
        cost=f"Models cost {totals['cost_usd']:.4g} USD",
        memory=f"Memory reached {megabytes(most)}{over}" if most is not None else "No memory reading in this window",
    )


def _describe_failures(totals: Mapping[str, float]) -> str:
    degraded, lost = int(totals["degraded"]), int(sum(totals[name] for name in UNANSWERED))
    parts = [f"{count(degraded)} degraded"] * bool(degraded) + [f"{count(lost)} not answered"] * bool(lost)
    return ", ".join(parts) or "none failed"


def _hour(moment: datetime | None, window: Window) -> str:
    """The hour; the day too where the window is longer than one."""
    if moment is None:
        return DASH
    return f"{moment:%H:%M}" if window.span <= timedelta(days=1) else f"{moment.day} {moment:%b, %H:%M}"
