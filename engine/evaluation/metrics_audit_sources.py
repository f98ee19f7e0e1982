"""A run's figures against sources of their own: the clock of its journal, the kernel, and a recount of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.evaluation.metrics_audit import Finding, near
from engine.evaluation.metrics_audit_cases import CaseFacts

Row = Mapping[str, Any]
PAUSE_S = 5.0  # a longer gap than the next case explains is a pause between two attempts at a run
START_S = 15.0  # opening the target and closing the run, which the clock of the row sees and the run's own does not
START_SHARE = 0.25
MEMORY = 0.02
TOKENS = 0.02


def audit_clock(shown: Row, row: Row, cases: Sequence[CaseFacts], *, sequential: bool) -> Iterator[Finding]:
    """Seconds and latencies against the times that the journal was written at.

    Args:
        row: the run's row, with ``started_at`` and ``ended_at``.
        sequential: the target was asked one question at a time, so that each answer has a stretch of time of its own.
    """
    ended = sorted(cases, key=lambda case: case.ended_at)
    started: datetime = row["started_at"]
    last = row.get("ended_at") or (ended[-1].ended_at if ended else started)
    span = (last - started).total_seconds() - _measure_pauses(started, ended)
    busy = sum(case.asked_ms for case in cases) / 1000 if sequential else 0.0
    slack = START_S + START_SHARE * span
    for name in ("seconds", "execution_duration"):
        seconds = shown.get(name)
        fits = seconds is not None and 0.98 * busy - 0.002 <= seconds <= span + 0.5 and span - seconds <= slack
        yield Finding(
            figure=name,
            shown=seconds,
            recomputed=round(span, 3),
            source="started_at to ended_at without pauses; not less than the answers took together",
            tolerance=f"at most {slack:.0f} s shorter: opening the target is not in it",
            agrees=fits,
        )
    yield from _audit_latencies(started, ended, sequential)


def audit_memory(shown: Row, total_mb: float | None) -> Iterator[Finding]:
    """Memory against the kernel's figures that were kept beside it; nothing where the kernel said nothing."""
    memory = shown.get("memory") or {}
    rss, peak, kernel = memory.get("rss_mb"), memory.get("peak_mb"), memory.get("kernel_rss_mb")
    if kernel:
        yield near("memory.rss_mb", rss, kernel, "/proc/self/smaps_rollup", within=MEMORY * kernel, words="2 %")
        accuracy = None if rss is None else 1 - abs(rss - kernel) / kernel
        source = "the last sample against /proc/self/smaps_rollup"
        yield near("memory.accuracy", memory.get("accuracy"), accuracy, source, within=MEMORY, words="0.02")
    highest = memory.get("kernel_peak_mb") or total_mb
    if peak is not None and highest:
        yield Finding(
            figure="memory.peak_mb",
            shown=peak,
            recomputed=highest,
            source="VmHWM of /proc/self/status" if memory.get("kernel_peak_mb") else "memory of this machine",
            tolerance="between the last level and the kernel's high-water mark, 2 %",
            agrees=(rss or 0.0) <= peak <= highest * (1 + MEMORY),
        )


def audit_tokens(cases: Sequence[CaseFacts]) -> Iterator[Finding]:
    """Tokens of the contexts as they were recorded against a recount of their texts; every case must agree."""
    counted = [(case.case_id, case.tokens, case.recounted) for case in cases if case.recounted is not None]
    if not counted:
        return
    wrong = [name for name, shown, found in counted if abs((shown or 0) - (found or 0)) > max(2, TOKENS * (found or 0))]
    yield Finding(
        figure="tokens.context",
        shown=sum(shown or 0 for _, shown, _ in counted),
        recomputed=sum(found or 0 for _, _, found in counted),
        source="tokens counted anew" + (f"; other in {', '.join(wrong[:5])}" if wrong else ""),
        tolerance="2 % or 2 tokens in each case",
        agrees=not wrong,
    )


def _measure_pauses(started: datetime, ended: Sequence[CaseFacts]) -> float:
    pauses, before = 0.0, started
    for case in ended:
        gap = (case.ended_at - before).total_seconds() - case.asked_ms / 1000
        pauses += gap if gap > PAUSE_S and before is not started else 0.0
        before = case.ended_at
    return pauses


def _audit_latencies(started: datetime, ended: Sequence[CaseFacts], sequential: bool) -> Iterator[Finding]:
    timed = [case for case in ended if case.latency_ms is not None]
    staged = [case for case in timed if case.stage_ms is not None]
    wrong = [c.case_id for c in staged if abs((c.latency_ms or 0) - (c.stage_ms or 0)) > 0.002 or not c.stages_fit]
    yield _count_agreeing(
        "latency_ms, case by case", len(staged), wrong, "times of the stages", "0.002 ms; stages within"
    )
    before, slow = started, []
    for case in ended:
        room = (case.ended_at - (before if sequential else started)).total_seconds() * 1000
        if max(case.asked_ms, case.latency_ms or 0.0) > room * 1.02 + 20:
            slow.append(case.case_id)
        before = case.ended_at
    source = "ended_at of the case before" if sequential else "started_at of the run"
    yield _count_agreeing("latency_ms, against the clock", len(timed), slow, source, "2 % and 20 ms")


def _count_agreeing(figure: str, n: int, wrong: Sequence[str], source: str, tolerance: str) -> Finding:
    return Finding(
        figure=figure,
        shown=n,
        recomputed=n - len(wrong),
        source=source + (f"; not so in {', '.join(wrong[:5])}" if wrong else ""),
        tolerance=tolerance,
        agrees=not wrong,
    )
