"""The figures that a KPI can read from the cases and the memory of runs, each a plain entry of a dict."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.roadmap.estimates import Kind
from engine.roadmap.types import Evidence

Row = Mapping[str, Any]
SUPPORTED = 0.5  # an answer whose groundedness is below even odds counts as unsupported


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure over the cases of complete runs.

    Attributes:
        value: a case's value in SQL, NULL when it should have one and has none. ``c`` is the case and ``s``, where there
            is a ``measure``, its score. A rate's values are zeros and ones.
        applies: which cases should have a value, in SQL.
    """

    description: str
    kind: Kind
    value: str
    applies: str = "TRUE"
    measure: str = ""


_ASKED = "c.kind <> 'content'"  # a content case is never put to the target
_SCORE = "CASE WHEN s.status = 'scored' THEN s.value END"

FIGURES: dict[str, Figure] = {
    "success_rate": Figure(
        description="Cases that pass all their checks, of the cases attempted; an error is a failure.",
        kind="rate",
        value="CASE WHEN c.status <> 'unscored' THEN (c.status = 'passed')::DOUBLE END",
    ),
    "error_rate": Figure(
        description="Cases that ended in an error, of all cases.",
        kind="rate",
        value="(c.status = 'error')::DOUBLE",
    ),
    "answered_rate": Figure(
        description="Cases that ended without an error, of all cases.",
        kind="rate",
        value="(c.status <> 'error')::DOUBLE",
    ),
    "context_quality": Figure(
        description="Mean context quality of the cases.", kind="mean", value="c.context_quality", applies=_ASKED
    ),
    "context_quality_spread": Figure(
        description="Standard deviation of context quality over the cases.",
        kind="spread",
        value="c.context_quality",
        applies=_ASKED,
    ),
    "latency_mean": Figure(
        description="Mean wall time of an answer, ms.", kind="mean", value="c.latency_ms", applies=_ASKED
    ),
    "latency_p50": Figure(
        description="Median wall time of an answer, ms.", kind="p50", value="c.latency_ms", applies=_ASKED
    ),
    "latency_p95": Figure(
        description="95th percentile of the wall time of an answer, ms.",
        kind="p95",
        value="c.latency_ms",
        applies=_ASKED,
    ),
    "processing_time_improvement": Figure(
        description="1 - mean wall time of an answer / baseline.", kind="mean", value="c.latency_ms", applies=_ASKED
    ),
    "unsupported_rate": Figure(
        description="Answers whose groundedness is below 0.5, of the answers that claim something.",
        kind="rate",
        value=f"CASE WHEN s.status = 'scored' THEN (s.value < {SUPPORTED})::DOUBLE END",
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
    return FIGURES.get(name) or Figure(description=f"Mean of {name}.", kind="mean", value=_SCORE, measure=name)


def adjust_values(evidence: Evidence, values: Sequence[float]) -> Sequence[float]:
    """The values of a figure that is held against a baseline; of any other, the same."""
    if evidence.measure != "processing_time_improvement" or not evidence.baseline:
        return values
    return array("d", (1 - value / evidence.baseline for value in values))
