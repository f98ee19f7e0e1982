"""How a run is to be done, beside the suite and the settings; kept with the run, so that a resume does the same."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import InputError
from engine.evaluation.measures import is_judged, select_measures

MOST_REPETITIONS = 20
WITH_A_JUDGE = (
    "ragas.faithfulness",
    "ragas.answer_relevancy",
    "ragas.context_precision",
    "ragas.context_recall",
    "ragas.factual_correctness",
)
"""Scored when a judge is chosen and neither the suite nor the person names a judged measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of one run.

    Attributes:
        measures: names to score; None is the suite's own.
        judge: a saved judge or a model; empty is the saved default, if there is one.
        case_timeout_s: what a case has for all of its turns.
        budget_usd, budget_minutes: the most that the run may cost and last, over all of its attempts.
        repetitions: how often the whole suite is asked; each time is a run of its own, in one ``group``.
        repetition: which of them this is, from 1.
        group: id of the first run of the repetitions; empty for a run on its own.
    """

    measures: tuple[str, ...] | None = None
    judge: str = ""
    case_timeout_s: float | None = None
    budget_usd: float | None = None
    budget_minutes: float | None = None
    repetitions: int = 1
    repetition: int = 1
    group: str = ""

    def __post_init__(self) -> None:
        for name in ("case_timeout_s", "budget_usd", "budget_minutes"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise InputError(f"{name} {value:g}: expected a number above 0.")
        if not 1 <= self.repetitions <= MOST_REPETITIONS:
            raise InputError(f"repetitions {self.repetitions}: expected 1 to {MOST_REPETITIONS}.")
        select_measures(self.measures or ())

    def choose_measures(self, of_suite: tuple[str, ...]) -> tuple[str, ...]:
        """What is scored: the given names or the suite's, and the usual judged ones when a judge was asked for."""
        names = of_suite if self.measures is None else self.measures
        if self.judge and not any(is_judged(name) for name in names):
            names = (*names, *WITH_A_JUDGE)
        return names

    def merge(self, given: RunOptions) -> RunOptions:
        """These options with those that ``given`` sets; a resume may raise a budget, or bring a judge."""
        changed = {
            field.name: getattr(given, field.name)
            for field in dataclasses.fields(self)
            if field.name not in ("repetitions", "repetition", "group") and getattr(given, field.name) not in (None, "")
        }
        return dataclasses.replace(self, **changed)

    def as_arguments(self) -> list[str]:
        """The options of ``python -m engine run`` that say the same."""
        named = {
            "--judge": self.judge or None,
            "--case-timeout": self.case_timeout_s,
            "--budget-usd": self.budget_usd,
            "--budget-minutes": self.budget_minutes,
            "--repeat": self.repetitions if self.repetitions > 1 else None,
        }
        given = [part for name, value in named.items() if value is not None for part in (name, str(value))]
        return [*given, *(part for name in self.measures or () for part in ("--measure", name))]

    def as_json(self) -> dict[str, Any]:
        """Fields as the store keeps them."""
        return dataclasses.asdict(self) | {"measures": None if self.measures is None else list(self.measures)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> RunOptions:
        """Options of a stored run; those of a run of an earlier version are the defaults."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {name: value for name, value in (stored or {}).items() if name in known}
        measures = values.get("measures")
        return cls(**values | {"measures": None if measures is None else tuple(measures)})
