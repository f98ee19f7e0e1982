"""Measures of one case, one file per family. A measure's printed form (``recall@5``) is its id.

``MEASURES`` is the registry of what is scored as each case ends. ``RAGAS_MEASURES`` are scored in bulk when the cases
have ended, ``JUDGED_MEASURES`` by a judge model. Nothing here imports ragas.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.errors import UnknownNameError
from engine.evaluation.measures import content, correctness, documents, groundedness, quality, spans
from engine.evaluation.measures.judged import JUDGED_DESCRIPTIONS, LOWER_IS_BETTER, RUBRIC_DESCRIPTION, is_judged
from engine.evaluation.measures.measure import Measure, Sample, Score, combine_scores
from engine.evaluation.measures.ragas import RAGAS_DESCRIPTIONS

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for family in (correctness, quality, groundedness, spans, documents, content)
    for measure in family.MEASURES
}
RAGAS_MEASURES = tuple(RAGAS_DESCRIPTIONS)
JUDGED_MEASURES = tuple(JUDGED_DESCRIPTIONS)
DEFAULT_MEASURES = (*MEASURES, *RAGAS_MEASURES)
OPERATIONAL_GOALS = {"success_rate": 1.0, "context_quality": 1.0, "memory_accuracy": 1.0, "latency_p95_ms": 1e9}
"""Pass rules beside measures, with the largest value each may have; latency is a most, the rest a least."""


def known_measures() -> tuple[str, ...]:
    """Every name that a suite's ``measures`` may hold, beside rubrics of its own."""
    return (*DEFAULT_MEASURES, *JUDGED_MEASURES)


def describe_measure(name: str) -> str:
    """What a measure is and how it is computed, for a tooltip.

    Raises:
        UnknownNameError: no such measure.
    """
    if name in MEASURES:
        return MEASURES[name].description
    if name in RAGAS_DESCRIPTIONS:
        return RAGAS_DESCRIPTIONS[name]
    plain = name.split("[", 1)[0]  # a second judge's measure carries the judge's name
    if plain in JUDGED_DESCRIPTIONS:
        return JUDGED_DESCRIPTIONS[plain]
    if is_judged(name):
        return RUBRIC_DESCRIPTION
    raise UnknownNameError("measure", name, known_measures())


def is_higher_better(name: str) -> bool:
    """Whether more of a measure is better; so of all but noise sensitivity."""
    return name.split("[", 1)[0] not in LOWER_IS_BETTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Measures by when they are scored: as a case ends, in bulk afterwards, by a judge model."""

    quick: tuple[Measure, ...]
    bulk: tuple[str, ...]
    judged: tuple[str, ...]


def select_measures(names: Iterable[str]) -> Chosen:
    """Sorts names by when they are scored.

    Raises:
        UnknownNameError: no such measure; lists the known ones.
    """
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        describe_measure(name)
    return Chosen(
        quick=tuple(MEASURES[n] for n in chosen if n in MEASURES),
        bulk=tuple(n for n in chosen if n in RAGAS_DESCRIPTIONS),
        judged=tuple(n for n in chosen if is_judged(n)),
    )


__all__ = [
    "DEFAULT_MEASURES",
    "JUDGED_MEASURES",
    "MEASURES",
    "OPERATIONAL_GOALS",
    "RAGAS_MEASURES",
    "Chosen",
    "Measure",
    "Sample",
    "Score",
    "combine_scores",
    "describe_measure",
    "is_higher_better",
    "is_judged",
    "known_measures",
    "select_measures",
]
