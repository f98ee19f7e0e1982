"""Deep health checks: store, each index, embedder, each provider, API, disk, memory, records. Each has its own time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from engine.errors import PhasegateError

Status = Literal["ok", "warn", "fail"]
Finding = tuple[Status, str]
CHECK_S = 5.0
"""A check that has not answered by then has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """One check: ``reason`` says what was found, ``advice`` what to do about it."""

    name: str
    status: Status
    latency_ms: float
    reason: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """Fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A check to be made: returns what it found, raises what went wrong."""

    name: str
    check: Callable[[], Finding]
    timeout_s: float = CHECK_S


_hanging: dict[tuple[Path, str], threading.Thread] = {}
_hanging_lock = threading.Lock()


def run_probes(home: Path, probes: Sequence[Probe]) -> list[HealthCheck]:
    """Make the checks side by side; takes as long as the slowest, at most the longest time limit.

    A check that hangs goes on in its thread; while it does, it is not begun again and fails at once.
    """
    found: dict[str, HealthCheck] = {}
    started = time.perf_counter()
    threads: dict[str, threading.Thread] = {}
    for probe in probes:
        with _hanging_lock:
            earlier = _hanging.get((home, probe.name))
        if earlier is not None and earlier.is_alive():
            found[probe.name] = HealthCheck(
                name=probe.name, status="fail", latency_ms=0.0, reason="the check before still waits for an answer"
            )
            continue
        thread = threading.Thread(target=_run_probe, args=(probe, found), name=f"check {probe.name}", daemon=True)
        threads[probe.name] = thread
        thread.start()
    for probe in probes:
        if probe.name not in threads:
            continue
        thread = threads[probe.name]
        thread.join(max(0.0, started + probe.timeout_s - time.perf_counter()))
        if thread.is_alive():
            with _hanging_lock:
                _hanging[(home, probe.name)] = thread
            words = f"no answer within {probe.timeout_s:g} s"
            late = HealthCheck(name=probe.name, status="fail", latency_ms=1000 * probe.timeout_s, reason=words)
            found.setdefault(probe.name, late)
    return [found[probe.name] for probe in probes]


def summarise(checks: Sequence[HealthCheck]) -> Status:
    """The worst of them."""
    for status in ("fail", "warn"):
        if any(check.status == status for check in checks):
            return status  # type: ignore[return-value]
    return "ok"


def describe_checks(checks: Sequence[HealthCheck]) -> dict[str, Any]:
    """What ``health --json`` and ``GET /api/health/deep`` say."""
    return {"status": summarise(checks), "checks": [check.as_json() for check in checks]}


def _run_probe(probe: Probe, found: dict[str, HealthCheck]) -> None:
    started = time.perf_counter()
    advice = ""
    try:
        status, reason = probe.check()
    except PhasegateError as error:
        status, reason, advice = "fail", error.message, error.hint
    except Exception as error:  # a health check reports whatever goes wrong
        status, reason = "fail", f"{type(error).__name__}: {error}"
    ms = round(1000 * (time.perf_counter() - started), 3)
    found.setdefault(
        probe.name, HealthCheck(name=probe.name, status=status, latency_ms=ms, reason=reason, advice=advice)
    )
