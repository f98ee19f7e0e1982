"""A sweep's request, and what becomes of it once everything in it has been checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import InputError, SettingError, UnknownNameError
from engine.evaluation.suites import Suite, load_suite
from engine.evaluation.sweep_search import iterate_grid
from engine.evaluation.sweep_space import Dimension, check_runnable, combine, key_of, parse_space, restore_space
from engine.evaluation.sweeps import GOALS
from engine.settings import PipelineSettings, load_settings

TRIALS = 50  # of random and Bayesian searches when nothing is said
MOST_TRIALS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptSuite:
    """What is asked: a suite, or a folder with ``corpus.jsonl`` and ``queries.jsonl``. ``goal`` suits what it holds."""

    name: str
    path: Path
    settings: Mapping[str, Any]
    hash: str
    goal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """What to sweep. ``resume`` is the id of an interrupted sweep; the other fields then come from that sweep."""

    suite: str
    grid: Sequence[str] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    preset: str | None = None
    search: str = "grid"
    trials: int | None = None
    seed: int = 0
    measure: str | None = None
    limit: int | None = None
    resume: str | None = None
    sweep_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """A checked request: ``planned`` counts the trials, the baseline among them."""

    suite: SweptSuite
    space: tuple[Dimension, ...]
    base: PipelineSettings
    search: str
    goal: str
    planned: int
    trials: int | None
    seed: int
    limit: int | None


def plan_sweep(request: SweepRequest) -> SweepPlan:
    """Check a request before anything is computed.

    Raises:
        InputError: the suite, a setting, a value or an option cannot be used.
    """
    suite = load_swept_suite(request.suite)
    for name, value, low, high in (("limit", request.limit, 1, None), ("trials", request.trials, 2, MOST_TRIALS)):
        if value is not None and (value < low or (high is not None and value > high)):
            raise InputError(f"--{name} {value}: expected {f'{low} to {high:,}' if high else f'{low} or more'}.")
    space = parse_space(request.grid, request.search)
    if request.search == "grid" and request.trials is not None:
        raise InputError(
            "--trials belongs to the random and the Bayesian search; a grid tries every combination.",
            "Leave --trials out, or add --search random or --search bayesian.",
        )
    base = load_settings(request.preset, suite.settings, request.overrides)
    check_runnable(base)
    goal = request.measure or suite.goal
    if goal not in GOALS:
        raise UnknownNameError("measure of a sweep", goal, GOALS)
    return SweepPlan(
        suite=suite,
        space=space,
        base=base,
        search=request.search,
        goal=goal,
        planned=_count_trials(space, base, request),
        trials=None if request.search == "grid" else request.trials or TRIALS,
        seed=request.seed,
        limit=request.limit,
    )


def restore_plan(row: Mapping[str, Any], suite: SweptSuite) -> SweepPlan:
    """The plan of a sweep that the store kept."""
    options = row["options"]
    return SweepPlan(
        suite=suite,
        space=restore_space(row["space"]),
        base=PipelineSettings().with_values(row["base"]),
        search=row["search"],
        goal=row["goal"],
        planned=row["planned"],
        trials=options["trials"],
        seed=options["seed"],
        limit=options["limit"],
    )


def load_swept_suite(reference: str | Path) -> SweptSuite:
    """A shipped suite by name, a suite's folder, or a data folder.

    Raises:
        UnknownNameError: none of these.
        InputError: a suite in which no case asks a question.
        FileFormatError: a file of the suite breaks its format.
    """
    folder = Path(reference).expanduser()
    if (folder / "queries.jsonl").is_file() and not (folder / "suite.yaml").is_file():
        digest = hashlib.sha256()
        for file in sorted(folder.glob("*.jsonl")):
            digest.update(file.read_bytes())
        return SweptSuite(
            name=folder.resolve().name, path=folder.resolve(), settings={}, hash=digest.hexdigest(), goal="recall"
        )
    suite = load_suite(reference)
    if not any(case.turns for case in suite.cases):
        raise InputError(f"suite {suite.name!r}: no case asks a question; a sweep needs qa or conversation cases.")
    return SweptSuite(
        name=suite.name, path=suite.path, settings=suite.settings, hash=suite.hash, goal=choose_goal(suite)
    )


def choose_goal(suite: Suite) -> str:
    """The measure that picks the best: recall of the gold spans where the suite has them, else what it can score."""
    spans = [span for case in suite.cases for turn in case.turns for span in turn.relevant]
    if any(span.end is not None for span in spans):
        return "recall"
    return "ndcg@10" if spans else "quality"


def _count_trials(space: Sequence[Dimension], base: PipelineSettings, request: SweepRequest) -> int:
    """Trials with the baseline.

    Raises:
        SettingError: no combination of the grid can be run.
    """
    if request.search != "grid":
        return (request.trials or TRIALS) + 1
    keys = {key_of(base, {})}
    possible, reason = 0, ""
    for values in iterate_grid(space):
        keys.add(key_of(base, values))
        try:
            combine(base, values)
            possible += 1
        except SettingError as error:
            reason = error.message
    if not possible:
        raise SettingError(f"No combination of this grid can be run: {reason}", "Change its values.")
    return len(keys)
