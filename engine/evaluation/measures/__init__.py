"""Measures of one case, one file per family. A measure's printed form (``recall@5``) is its id.

``MEASURES`` is the registry of what is scored as each case ends. ``RAGAS_MEASURES`` are scored in bulk when the cases
have ended. Nothing here imports ragas.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import UnknownNameError
from engine.evaluation.measures import content, correctness, documents, groundedness, quality, spans
from engine.evaluation.measures.measure import Measure, Sample, Score, combine_scores
from engine.evaluation.measures.ragas import RAGAS_DESCRIPTIONS

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for family in (correctness, quality, groundedness, spans, documents, content)
    for measure in family.MEASURES
}
RAGAS_MEASURES = tuple(RAGAS_DESCRIPTIONS)
DEFAULT_MEASURES = (*MEASURES, *RAGAS_MEASURES)
OPERATIONAL_GOALS = {"success_rate": 1.0, "context_quality": 1.0, "memory_accuracy": 1.0, "latency_p95_ms": 1e9}
"""Pass rules beside measures, with the largest value each may have; latency is a most, the rest a least."""


def known_measures() -> tuple[str, ...]:
    """Every name that a suite's ``measures`` may hold."""
    return DEFAULT_MEASURES


def describe_measure(name: str) -> str:
    """What a measure is and how it is computed, for a tooltip.

    Raises:
        UnknownNameError: no such measure.
    """
    if name in MEASURES:
        return MEASURES[name].description
    if name in RAGAS_DESCRIPTIONS:
        return RAGAS_DESCRIPTIONS[name]
    raise UnknownNameError("measure", name, known_measures())


def select_measures(names: Iterable[str]) -> tuple[tuple[Measure, ...], tuple[str, ...]]:
    """Splits names into the measures scored as a case ends and the names scored in bulk.

    Raises:
        UnknownNameError: no such measure; lists the known ones.
    """
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        describe_measure(name)
    return tuple(MEASURES[n] for n in chosen if n in MEASURES), tuple(n for n in chosen if n in RAGAS_DESCRIPTIONS)


__all__ = [
    "DEFAULT_MEASURES",
    "MEASURES",
    "OPERATIONAL_GOALS",
    "RAGAS_MEASURES",
    "Measure",
    "Sample",
    "Score",
    "combine_scores",
    "describe_measure",
    "known_measures",
    "select_measures",
]
