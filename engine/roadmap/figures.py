"""The figures that a KPI can read from the cases and the memory of runs, each a plain entry of a dict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.roadmap.estimates import Kind
from engine.roadmap.types import Evidence

Row = Mapping[str, Any]
SUPPORTED = 0.5  # an answer whose groundedness is below even odds counts as unsupported


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure over the cases of complete runs.

    ``read`` gives a row's value: None when it should have one and has none, ``SKIP`` when there is nothing to score.
    The rows are those of ``cases``, or with ``measure`` that measure's rows of ``scores``.
    """

    description: str
    kind: Kind
    read: Callable[[Row], float | None]
    measure: str = ""


SKIP = float("nan")


def _asked(row: Row, value: float | None) -> float | None:
    return SKIP if row["kind"] == "content" else value  # a content case is never put to the target


def _passed(row: Row) -> float | None:
    return None if row["status"] == "unscored" else float(row["status"] == "passed")


def _quality(row: Row) -> float | None:
    return _asked(row, row["context_quality"])


def _latency(row: Row) -> float | None:
    return _asked(row, row["latency_ms"])


def _score(row: Row) -> float | None:
    return row["value"] if row["status"] == "scored" else None


def _unsupported(row: Row) -> float | None:
    value = _score(row)
    return None if value is None else float(value < SUPPORTED)


FIGURES: dict[str, Figure] = {
    "success_rate": Figure(
        description="Cases that pass all their checks, of the cases attempted; an error is a failure.",
        kind="rate",
        read=_passed,
    ),
    "error_rate": Figure(
        description="Cases that ended in an error, of all cases.",
        kind="rate",
        read=lambda row: float(row["status"] == "error"),
    ),
    "answered_rate": Figure(
        description="Cases that ended without an error, of all cases.",
        kind="rate",
        read=lambda row: float(row["status"] != "error"),
    ),
    "context_quality": Figure(description="Mean context quality of the cases.", kind="mean", read=_quality),
    "context_quality_spread": Figure(
        description="Standard deviation of context quality over the cases.", kind="spread", read=_quality
    ),
    "latency_mean": Figure(description="Mean wall time of an answer, ms.", kind="mean", read=_latency),
    "latency_p50": Figure(description="Median wall time of an answer, ms.", kind="p50", read=_latency),
    "latency_p95": Figure(description="95th percentile of the wall time of an answer, ms.", kind="p95", read=_latency),
    "processing_time_improvement": Figure(
        description="1 - mean wall time of an answer / baseline.", kind="mean", read=_latency
    ),
    "unsupported_rate": Figure(
        description="Answers whose groundedness is below 0.5, of the answers that claim something.",
        kind="rate",
        read=_unsupported,
        measure="groundedness",
    ),
}
"""Figures over cases. Any other name that is not in ``RUN_FIGURES`` is a measure: its mean over the scored cases."""

RUN_FIGURES = {
    "memory_accuracy": "1 - |reported - kernel| / kernel, median over the run; over several runs the worst.",
    "memory_growth_mb": "Resident memory gained over the run, MB; over several runs the most.",
    "metrics_accuracy": "Figures of the run that agree with what its audit recomputed, of those that it checked.",
}
"""Figures of a run as a whole. They carry no interval: one run is one observation."""


def known_figures() -> tuple[str, ...]:
    """Every name that an evidence's ``measure`` may hold."""
    from engine.evaluation.measures import known_measures

    return (*FIGURES, *RUN_FIGURES, *(name for name in known_measures() if name not in FIGURES))


def find_figure(name: str) -> Figure:
    """The figure of that name; a measure's is its mean."""
    return FIGURES.get(name) or Figure(description=f"Mean of {name}.", kind="mean", read=_score, measure=name)


def read_values(evidence: Evidence, rows: Sequence[Row]) -> tuple[list[float], int]:
    """Values of the scored cases, and how many cases should have one."""
    read = [find_figure(evidence.measure).read(row) for row in rows]
    applicable = [value for value in read if value is None or not math.isnan(value)]
    values = [value for value in applicable if value is not None]
    if evidence.measure == "processing_time_improvement" and evidence.baseline:
        values = [1 - value / evidence.baseline for value in values]
    return values, len(applicable)
