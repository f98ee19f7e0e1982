"""How a sweep goes through its space: every combination, at random, or by what was learned so far.

All three are deterministic: the same space, seed and scores give the same order. An interrupted sweep is resumed by
asking again from the beginning and answering from the journal.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from engine.evaluation.sweep_space import Dimension
from engine.settings import INDEX_FIELDS

Values = dict[str, Any]
STARTUP = 10  # random trials before the Bayesian search begins to learn
DRAWS = 1_000  # draws without anything new after which the space is taken to be used up
REPEATS = 5  # times in a row that the Bayesian search may ask for what it knows


class Search(Protocol):
    """Gives the next combination to try. ``tell`` answers the newest ``ask``."""

    def ask(self) -> Values | None:
        """The next combination; None when none is left. The Bayesian search may repeat itself."""
        ...

    def tell(self, score: float | None) -> None:
        """The score of what was asked last; None when it could not be tried."""
        ...


def build_search(kind: str, space: Sequence[Dimension], seed: int) -> Search:
    """The search of this name over the space."""
    if kind == "bayesian":
        return BayesianSearch(space, seed)
    return ListedSearch(iterate_grid(space) if kind == "grid" else draw_random(space, seed))


class ListedSearch:
    """Combinations in an order that scores do not change."""

    def __init__(self, combinations: Iterator[Values]) -> None:
        self._combinations = combinations

    def ask(self) -> Values | None:
        """The next combination."""
        return next(self._combinations, None)

    def tell(self, score: float | None) -> None:
        """Nothing is learned from it."""


def iterate_grid(space: Sequence[Dimension]) -> Iterator[Values]:
    """Every combination of the listed values. Settings that cut the documents anew change slowest."""
    ordered = sorted(space, key=lambda dimension: dimension.name not in INDEX_FIELDS)
    for values in itertools.product(*(dimension.values for dimension in ordered)):
        found = dict(zip((dimension.name for dimension in ordered), values, strict=True))
        yield {dimension.name: found[dimension.name] for dimension in space}


def draw_random(space: Sequence[Dimension], seed: int) -> Iterator[Values]:
    """Different combinations, each drawn evenly from the space, until none is left."""
    rng = np.random.default_rng(seed)
    seen: set[tuple[Any, ...]] = set()
    size = math.prod(dimension.size for dimension in space)
    misses = 0
    while len(seen) < size and misses < DRAWS:
        values = {dimension.name: dimension.at(rng.random()) for dimension in space}
        if tuple(values.values()) in seen:
            misses += 1
            continue
        misses = 0
        seen.add(tuple(values.values()))
        yield values


class BayesianSearch:
    """Tree-structured Parzen estimator (Bergstra et al. 2011) of optuna, seeded, one trial at a time."""

    def __init__(self, space: Sequence[Dimension], seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._distributions = {dimension.name: _distribution(dimension) for dimension in space}
        self._space = {dimension.name: dimension for dimension in space}
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._worst: float | None = None
        self._unseen = draw_random(space, seed)
        self._seen: set[tuple[Any, ...]] = set()
        self._repeats = 0

    def ask(self) -> Values | None:
        """What promises most; a random combination that was not tried yet when that only repeats itself."""
        if self._repeats >= REPEATS:
            unseen = next((v for v in self._unseen if tuple(v.values()) not in self._seen), None)
            if unseen is None:
                return None
            self._study.enqueue_trial(self._indices(unseen))
        self._trial = self._study.ask(self._distributions)
        values = {name: self._value(name, given) for name, given in self._trial.params.items()}
        key = tuple(values.values())
        self._repeats = self._repeats + 1 if key in self._seen else 0
        self._seen.add(key)
        return values

    def tell(self, score: float | None) -> None:
        """Learn from the score. What could not be tried counts as the worst: left out, the search would stay there."""
        if score is not None:
            self._worst = score if self._worst is None else min(score, self._worst)
        self._study.tell(self._trial, score if score is not None else self._worst or 0.0)

    def _value(self, name: str, given: Any) -> Any:
        dimension = self._space[name]
        if not dimension.is_range:
            return dimension.values[given]
        return given if dimension.whole else round(given, 4)

    def _indices(self, values: Mapping[str, Any]) -> Values:
        return {
            name: value if self._space[name].is_range else self._space[name].values.index(value)
            for name, value in values.items()
        }


def _distribution(dimension: Dimension) -> Any:
    """Listed numbers keep their order: what is learned of 512 says something of 256."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if dimension.low is None or dimension.high is None:
        ordered = not isinstance(dimension.values[0], str) and list(dimension.values) == sorted(dimension.values)
        places = range(len(dimension.values))
        return IntDistribution(0, len(dimension.values) - 1) if ordered else CategoricalDistribution(list(places))
    if dimension.whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)
