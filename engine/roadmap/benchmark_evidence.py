"""Evidence from benchmarks and from audits of runs. A stand-in, or what is not built yet, is no data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.operations.machine import describe_machine
from engine.roadmap.evidence import Measured, ReadsStore
from engine.roadmap.types import Evidence, EvidenceRun
from engine.store.benchmarks import BenchmarkStore
from engine.store.run_audits import RunAuditStore


def measure_benchmark(store: ReadsStore, evidence: Evidence) -> Measured:
    """A figure of the newest record of a benchmark on this machine."""
    command = evidence.command or f"python -m engine bench {evidence.bench}"
    record = BenchmarkStore(store).find_newest(evidence.bench, describe_machine())
    if record is None:
        return Measured(reason=f"no record of benchmark {evidence.bench} on this machine", command=command)
    when = f"benchmark {evidence.bench} of {record['measured_at']:%Y-%m-%d}"
    if record["stand_in"] or is_stand_in(record["figures"], evidence.figure):
        return Measured(reason=f"{when} spoke to a scripted server, which is no evidence", command=command)
    found = find_figure(record["figures"], evidence.figure)
    if isinstance(found, Mapping) and "status" in found:
        return Measured(reason=f"{when}: {evidence.figure} {found['status']}", command=command)
    value, low, high, n = read_figure(found)
    if value is None:
        return Measured(reason=f"{when} has no figure {evidence.figure}", command=command)
    return Measured(value=value, low=low, high=high, n=n, scored=n, total=n, command=command)


def find_figure(figures: Mapping[str, Any], path: str) -> Any:
    """What stands at ``warm.p95_ms``; a part that is not built yet stands for all that is in it; None when missing."""
    found: Any = figures
    for name in path.split("."):
        if not isinstance(found, Mapping) or (name not in found and "status" not in found):
            return None
        if name not in found:
            return found
        found = found[name]
    return found


def is_stand_in(figures: Mapping[str, Any], path: str) -> bool:
    """Whether a figure stands in a part of a record that a scripted server answered, though the rest is the engine's own."""
    found: Any = figures
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return False
        if found.get("stand_in"):
            return True
        found = found.get(name)
    return isinstance(found, Mapping) and bool(found.get("stand_in"))


def read_figure(found: Any) -> tuple[float | None, float | None, float | None, int]:
    """Value, interval and number of observations of a figure, which is a number or holds them by these names."""
    if isinstance(found, Mapping):
        value = _number(found.get("value"))
        return value, _number(found.get("low")), _number(found.get("high")), int(found.get("n") or 1)
    return _number(found), None, None, 1


def measure_audits(store: ReadsStore, runs: Sequence[EvidenceRun]) -> Measured:
    """Metrics accuracy of runs: the share of their figures that agree with what was recomputed, pooled."""
    from engine.evaluation.statistics import wilson_interval

    audits = RunAuditStore(store).load_audits([run.run_id for run in runs])
    missing = [run.run_id for run in runs if run.run_id not in audits]
    command = "; ".join(f"python -m engine audit-metrics {run.run_id}" for run in runs)
    if missing:
        return Measured(reason=f"run {' and '.join(missing)} has not been audited", command=command, runs=tuple(runs))
    agreed = sum(audit["agreed"] for audit in audits.values())
    n = sum(audit["checked"] for audit in audits.values())
    interval = wilson_interval(agreed, n)
    return Measured(
        value=agreed / n,
        low=interval.low,
        high=interval.high,
        n=n,
        scored=n,
        total=n,
        command=command,
        runs=tuple(runs),
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)
