"""Two to five runs, paired by case id, each held against the first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import InputError
from engine.evaluation.comparing.changes import read_setup
from engine.evaluation.comparing.differences import (
    LATENCIES,
    compare_latencies,
    compare_sums,
    is_higher_better,
    judge_measures,
    withhold,
)
from engine.evaluation.comparing.noise import Key, find_repeats, measure_noise
from engine.evaluation.comparing.types import (
    LABELS,
    Comparison,
    Counts,
    MeasureDifference,
    NoiseFloor,
    Outcome,
    PairComparison,
    RunSide,
)
from engine.evaluation.comparing.wording import describe_pair
from engine.evaluation.measures import DEFAULT_MEASURES
from engine.evaluation.statistics_paired import MOST_FLIPPED
from engine.store import RunStore, Store
from engine.store.comparisons import SIDES, ComparisonStore

MOST_RUNS = 5
_FIRST = (*SIDES, *LATENCIES)
Row = Mapping[str, Any]


def compare_runs(
    store: Store,
    run_ids: Sequence[str],
    *,
    tolerance: float = 0.0,
    measures: Sequence[str] | None = None,
    seed: int = 0,
) -> Comparison:
    """Hold each run against the first.

    Args:
        tolerance: how much worse is still no regression, in the measure's own unit for rates and means (0.02 is two
            points), as a share of A's figure for latency.
        measures: only these, and Holm over these; by default all that have a value.
        seed: of the bootstrap and of sampled permutations.

    Raises:
        InputError: fewer than two runs or more than five, one twice, one that still runs, an unknown measure, a tolerance
            outside [0, 1], or two runs that share no case.
        UnknownNameError: no such run.
    """
    _check(run_ids, tolerance)
    paired = ComparisonStore(store)
    rows = _load_rows(store, paired, run_ids)
    sides = [_describe_side(label, row) for label, row in zip(LABELS, rows, strict=False)]
    scores = _count_scores(paired, rows)
    repeats = [find_repeats(paired, row) for row in rows]
    pairs = tuple(
        _Pair(paired, (rows[0], rows[i]), (sides[0], sides[i]), scores, (repeats[0], repeats[i])).compare(
            tolerance, measures, seed
        )
        for i in range(1, len(rows))
    )
    return Comparison(runs=tuple(sides), pairs=pairs, tolerance=tolerance)


def _check(run_ids: Sequence[str], tolerance: float) -> None:
    if not 2 <= len(run_ids) <= MOST_RUNS:
        raise InputError(
            f"{len(run_ids)} runs to compare: expected 2 to {MOST_RUNS}.", "python -m engine runs lists them."
        )
    twice = next((run for run in run_ids if list(run_ids).count(run) > 1), None)
    if twice is not None:
        raise InputError(f"run {twice} is named twice.", "Name each run once; the first is the baseline.")
    if not 0 <= tolerance <= 1:
        raise InputError(f"tolerance {tolerance:g}: expected a share between 0 and 1.", "Two points are 0.02.")


def _load_rows(store: Store, paired: ComparisonStore, run_ids: Sequence[str]) -> list[dict[str, Any]]:
    with RunStore(store) as runs:
        rows = [runs.load_run(run_id) | {"options": paired.load_options(run_id)} for run_id in run_ids]
    running = next((row for row in rows if row["status"] == "running"), None)
    if running is not None:
        raise InputError(f"run {running['run_id']} is still running.", "Wait for it, or stop it first.")
    return rows


def _describe_side(label: str, row: Row) -> RunSide:
    counts = {name: row[name] for name in ("passed", "failed", "errors", "unscored")}
    return RunSide(
        label=label,
        **{name: row[name] for name in ("run_id", "suite", "suite_hash", "target", "status", "cases", "started_at")},
        **counts,
        ended=sum(counts.values()),
        setup=read_setup(row),
    )


Scores = Mapping[tuple[str, str], tuple[Counts, frozenset[str]]]


def _count_scores(store: ComparisonStore, rows: Sequence[Row]) -> Scores:
    """Counts and judges by run and measure; the figures of a case itself among them."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    judges: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in store.count_scores([row["run_id"] for row in rows]):
        key = row["run_id"], row["measure"]
        found[key][row["status"]] = row["n"]
        judges[key] |= {name.strip() for name in row["judges"] or ()}
    counted = {key: (Counts(**n, total=sum(n.values())), frozenset(judges[key])) for key, n in found.items()}
    for row in rows:
        run, ended = row["run_id"], row["passed"] + row["failed"] + row["errors"] + row["unscored"]
        judged, quality = ended - row["unscored"], row["context_quality"]["n"]
        own = {
            "success_rate": Counts(scored=judged, not_applicable=row["unscored"], total=row["cases"]),
            "error_rate": Counts(scored=ended, total=row["cases"]),
            "context_quality": Counts(scored=quality, not_applicable=ended - quality, total=row["cases"]),
        }
        for name, counts in own.items():
            counted.setdefault((run, name), (counts, frozenset()))
    return counted


class _Pair:
    """B against A."""

    def __init__(
        self,
        store: ComparisonStore,
        rows: tuple[Row, Row],
        sides: tuple[RunSide, RunSide],
        scores: Scores,
        repeats: tuple[frozenset[str], frozenset[str]],
    ) -> None:
        self._store, self._rows, self._scores, self._repeats = store, rows, scores, repeats
        self._a, self._b = sides
        self._ids = self._a.run_id, self._b.run_id

    def compare(self, tolerance: float, chosen: Sequence[str] | None, seed: int) -> PairComparison:
        cases = self._store.count_cases(*self._ids)
        if not cases["paired"]:
            raise InputError(
                f"runs {self._ids[0]} and {self._ids[1]} share no case id, so nothing can be paired "
                f"({self._a.ended} and {self._b.ended} cases).",
                "Compare runs of one suite: cases are paired by their id.",
            )
        found = self._find_differences(chosen, seed)
        measures = judge_measures(found, self._load_floors(found), tolerance)
        family = sum(m.is_tested for m in measures)
        outcome = _find_outcome(measures)
        return PairComparison(
            a=self._a,
            b=self._b,
            measures=tuple(measures),
            paired=cases["paired"],
            only_a=tuple(cases["only_a"]),
            only_b=tuple(cases["only_b"]),
            flips=self._store.count_flips(*self._ids),
            tolerance=tolerance,
            family=family,
            same_setup=self._ids[1] in self._repeats[0],
            warnings=self._warn(cases),
            outcome=outcome,
            sentence=describe_pair(self._a.label, self._b.label, measures, outcome, family),
        )

    def _find_differences(self, chosen: Sequence[str] | None, seed: int) -> list[MeasureDifference]:
        rows = self._store.load_sums(*self._ids, MOST_FLIPPED)
        found = {row["measure"]: self._compare_scored(row, seed) for row in rows}
        if found.get("error_rate") and not (found["error_rate"].a or found["error_rate"].b):
            del found["error_rate"]
        found |= {m.measure: m for m in compare_latencies(*self._store.load_latencies(*self._ids))}
        for (run, name), (counts, _) in self._scores.items():
            wanted = counts.scored + counts.failed + counts.unjudged
            if run in self._ids and wanted and name not in found and name != "error_rate":
                found[name] = MeasureDifference(
                    measure=name, kind="mean", unit="score", higher_is_better=is_higher_better(name)
                )
        order = {name: i for i, name in enumerate((*_FIRST, *DEFAULT_MEASURES))}
        names = sorted(found, key=lambda name: (order.get(name, len(order)), name))
        if chosen is not None:
            unknown = next((name for name in chosen if name not in found), None)
            if unknown is not None:
                raise InputError(f"measure {unknown!r}: neither run has it. Known: {', '.join(names)}.")
            names = [name for name in names if name in chosen]
        return [self._with_counts(found[name]) for name in names]

    def _compare_scored(self, row: Row, seed: int) -> MeasureDifference:
        found = compare_sums(row, seed)
        if not row["other"]:
            return found
        names = [", ".join(sorted(self._scores[run, row["measure"]][1])) or "no judge" for run in self._ids]
        reason = f"judged by {names[0]} in {self._a.label} and by {names[1]} in {self._b.label} (judge and prompt hash)"
        return withhold(found, reason)

    def _with_counts(self, m: MeasureDifference) -> MeasureDifference:
        if m.measure in LATENCIES:
            sides = [Counts(scored=m.n, not_applicable=row["cases"] - m.n, total=row["cases"]) for row in self._rows]
        else:
            sides = [self._scores.get((run, m.measure), (Counts(), frozenset()))[0] for run in self._ids]
        return replace(m, counts_a=sides[0], counts_b=sides[1])

    def _load_floors(self, measures: Sequence[MeasureDifference]) -> dict[str, NoiseFloor]:
        """The floor of each measure, by the judge that scored it in A."""
        floors = measure_noise(self._store, *self._ids, *self._repeats)
        by_measure: dict[str, dict[Key, NoiseFloor]] = defaultdict(dict)
        for key, floor in floors.items():
            by_measure[key[0]][key] = floor
        chosen = {}
        for m in measures:
            judges = self._scores.get((self._ids[0], m.measure), (Counts(), frozenset()))[1]
            for (_, judge, prompt), floor in by_measure.get(m.measure, {}).items():
                if not judges or f"{judge or ''} {prompt or ''}".strip() in judges:
                    chosen[m.measure] = floor
        return chosen

    def _warn(self, cases: Row) -> tuple[str, ...]:
        a, b = self._a, self._b
        words = []
        if a.suite != b.suite:
            words.append(
                f"The runs are of two suites, {a.suite} and {b.suite}; cases are paired by id where they share one."
            )
        elif a.suite_hash != b.suite_hash:
            words.append("The suite's cases or documents differ between the runs (another suite hash).")
        if cases["reworded"]:
            words.append(
                f"{cases['reworded']:,} of the {cases['paired']:,} paired cases ask another question in each run."
            )
        for run in (a, b):
            if run.ended < run.cases:
                words.append(f"Run {run.label} is {run.status}: {run.ended:,} of its {run.cases:,} cases have ended.")
        return tuple(words)


def _find_outcome(measures: Sequence[MeasureDifference]) -> Outcome:
    verdicts = {m.verdict for m in measures}
    if any(m.regression for m in measures):
        return "worse"
    if "worse" in verdicts:
        return "worse_within_tolerance"
    if "better" in verdicts:
        return "better"
    return "no_difference" if verdicts & {"no_difference", "undecided"} else "no_data"
