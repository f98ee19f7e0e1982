"""What a comparison says: runs, measures, verdicts. ``as_json`` is the JSON of ``compare``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["rate", "mean", "quantile"]
Verdict = Literal["better", "worse", "no_difference", "undecided", "not_comparable", "no_data"]
Outcome = Literal["worse", "worse_within_tolerance", "better", "no_difference", "no_data"]
LABELS = "ABCDE"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseFloor:
    """How far two runs of one setup lie apart by themselves, in the measure's unit.

    Attributes:
        band: the repeatability limit of ISO 5725-6: two repeats differ by more in one case of twenty.
        deviation: standard deviation between repeats, pooled over the sets of repeats.
        freedom: degrees of freedom behind it, repeats less sets.
        runs: ids of the repeats.
    """

    band: float
    deviation: float
    freedom: int
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How a measure went on one side: of ``total`` cases that it was put to."""

    scored: int = 0
    failed: int = 0
    unjudged: int = 0
    not_applicable: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureDifference:
    """One measure of B against A, over the ``n`` cases that have a value in both runs.

    Attributes:
        a, b: the figure over those pairs; ``difference`` is b less a, in the measure's unit.
        p_adjusted: after Holm over the measures of this pair of runs.
        wins: cases on which B is better, whichever direction that is.
        test: the names of test and interval.
        detectable: the smallest difference that this many cases would show in four comparisons of five.
        more_cases: cases that would have to be added to show a difference like this one; None when it is 0.
        noise: None without repeated runs.
        beyond_noise: whether the difference is more than repeats differ by.
        regression: worse beyond chance and beyond the tolerance.
    """

    measure: str
    kind: Kind
    unit: str
    higher_is_better: bool
    a: float | None = None
    b: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    n: int = 0
    wins: int = 0
    ties: int = 0
    losses: int = 0
    test: str = ""
    detectable: float | None = None
    more_cases: int | None = None
    noise: NoiseFloor | None = None
    beyond_noise: bool | None = None
    verdict: Verdict = "no_data"
    reason: str = ""
    regression: bool = False
    counts_a: Counts = Counts()
    counts_b: Counts = Counts()

    @property
    def is_tested(self) -> bool:
        """Whether it takes part in the family of tests: one on which no case moved could not have shown anything."""
        return self.p is not None and self.wins + self.losses > 0

    @property
    def gain(self) -> float:
        """The difference, positive where B is better."""
        return (self.difference or 0.0) * (1 if self.higher_is_better else -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSide:
    """One of the runs. ``label`` is its letter; ``setup`` what a settings diff shows of it, by name."""

    label: str
    run_id: str
    suite: str
    suite_hash: str
    target: str
    status: str
    cases: int
    ended: int
    passed: int
    failed: int
    errors: int
    unscored: int
    started_at: Any
    setup: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairComparison:
    """One run against the baseline.

    Attributes:
        same_setup: both runs are repeats of one another: what differs between them is noise.
        only_a, only_b: ids of the cases that one run alone has.
        flips: cases that went from pass to fail (``worse``) and from fail to pass (``better``).
        family: measures that were tested together and adjusted by Holm.
    """

    a: RunSide
    b: RunSide
    measures: tuple[MeasureDifference, ...]
    paired: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    flips: Mapping[str, int]
    tolerance: float
    family: int
    same_setup: bool
    warnings: tuple[str, ...]
    outcome: Outcome
    sentence: str

    @property
    def worse(self) -> tuple[MeasureDifference, ...]:
        """Measures that are worse beyond chance."""
        return tuple(m for m in self.measures if m.verdict == "worse")

    @property
    def better(self) -> tuple[MeasureDifference, ...]:
        """Measures that are better beyond chance."""
        return tuple(m for m in self.measures if m.verdict == "better")

    @property
    def regressions(self) -> tuple[MeasureDifference, ...]:
        """Measures that are worse beyond chance and beyond the tolerance."""
        return tuple(m for m in self.measures if m.regression)

    def as_json(self) -> dict[str, Any]:
        """The JSON of ``compare`` for two runs."""
        changes = {
            name: {"a": self.a.setup.get(name), "b": self.b.setup.get(name)}
            for name in dict.fromkeys((*self.a.setup, *self.b.setup))
            if self.a.setup.get(name) != self.b.setup.get(name)
        }
        return {
            "run_a": self.a.run_id,
            "run_b": self.b.run_id,
            "verdict": self.outcome,
            "summary": self.sentence,
            "tolerance": self.tolerance,
            "family": self.family,
            "same_setup": self.same_setup,
            "measures": {m.measure: _measure_json(m) for m in self.measures},
            "better": [m.measure for m in self.better],
            "worse": [m.measure for m in self.worse],
            "regressions": [m.measure for m in self.regressions],
            "only_a": list(self.only_a),
            "only_b": list(self.only_b),
            "cases": {"paired": self.paired, "only_a": list(self.only_a), "only_b": list(self.only_b)},
            "flipped": dict(self.flips),
            "settings": changes,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two to five runs; the first is the baseline, and each other is held against it."""

    runs: tuple[RunSide, ...]
    pairs: tuple[PairComparison, ...]
    tolerance: float

    @property
    def outcome(self) -> Outcome:
        """The worst of the pairs; ``no_data`` only when no pair has data."""
        order = ("worse", "worse_within_tolerance", "no_difference", "better")
        found = {pair.outcome for pair in self.pairs}
        return next((word for word in order if word in found), "no_data")

    @property
    def exit_code(self) -> int:
        """1 when a run is worse than the baseline beyond tolerance and chance, 3 without data, else 0."""
        return {"worse": 1, "no_data": 3}.get(self.outcome, 0)

    def as_json(self) -> dict[str, Any]:
        """The JSON of ``compare``: the pair's object; with more runs the worst verdict and one object a pair."""
        if len(self.pairs) == 1:
            return self.pairs[0].as_json()
        return {
            "baseline": self.runs[0].run_id,
            "runs": [run.run_id for run in self.runs],
            "verdict": self.outcome,
            "tolerance": self.tolerance,
            "comparisons": [pair.as_json() for pair in self.pairs],
        }


def _measure_json(m: MeasureDifference) -> dict[str, Any]:
    names = (
        "a", "b", "difference", "low", "high", "p", "p_adjusted", "n", "wins", "ties", "losses", "verdict", "reason",
        "regression", "kind", "unit", "higher_is_better", "test", "detectable", "more_cases",
    )  # fmt: skip
    noise = m.noise and {
        "band": m.noise.band,
        "deviation": m.noise.deviation,
        "freedom": m.noise.freedom,
        "runs": list(m.noise.runs),
        "beyond": m.beyond_noise,
    }
    sides = {
        side: {name: getattr(counts, name) for name in Counts.__dataclass_fields__}
        for side, counts in (("a", m.counts_a), ("b", m.counts_b))
    }
    return {name: getattr(m, name) for name in names} | {"noise": noise, "counts": sides}
