"""Setting up a sweep: what can be varied, over what, and the command that it comes to."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.evaluation.suites import list_suites
from engine.evaluation.sweep_plan import TRIALS, SweepRequest, load_swept_suite, plan_sweep
from engine.evaluation.sweep_space import ANSWER_ONLY, FIXED
from engine.evaluation.sweeps import GOALS
from engine.settings import CHOICES, load_settings
from engine.store import Store
from engine.views.settings import FIELD_WORDS, field_names
from engine.views.words import plural, setting_value

START = ("chunk_size", "top_k")
# What is offered first: values for a grid, a range for the other searches.
OFFERS = {
    "chunk_size": ("256, 512, 1024, 2048", "200:2000"),
    "chunk_overlap": ("0, 100, 200", "0:400"),
    "weight": ("0.3, 0.5, 0.7", "0:1"),
    "expansion": ("0, 10, 20", "0:30"),
    "top_k": ("5, 10, 20, 40", "3:40"),
    "diversity": ("0, 0.2, 0.4", "0:0.6"),
    "reranker": ("none, sentences", "none, sentences"),
    "min_similarity": ("0.2, 0.28, 0.35", "0.1:0.45"),
    "budget_tokens": ("300, 600, 900", "200:1200"),
    "min_quality": ("0.05, 0.08, 0.15", "0:0.3"),
    "enhance": ("0, 2", "0, 1, 2"),
    "chunker": ("recursive, sentence, fixed", "recursive, sentence, fixed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptSetting:
    """One setting that can be varied. ``choices`` are all its values where it has a few; ``value`` is where it starts."""

    name: str
    help: str
    value: str
    choices: tuple[str, ...]
    listed: str
    range: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSetup:
    """What the form offers for one suite."""

    suite: str
    reference: str
    settings: Mapping[str, SweptSetting]
    goals: tuple[str, ...]
    goal: str
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPreview:
    """What would be started: in words, and as a command."""

    words: str
    command: str
    arguments: tuple[str, ...]


def list_swept_suites(store: Store) -> dict[str, str]:
    """Suites to choose from: the shipped ones, then those that were swept or run before."""
    rows = store.query(
        "SELECT DISTINCT suite, suite_path FROM sweeps UNION SELECT DISTINCT suite, suite_path FROM runs"
    )
    shipped = {name: name for name in list_suites()}
    others = {row["suite_path"]: f"{row['suite']} ({row['suite_path']})" for row in rows if row["suite"] not in shipped}
    return shipped | dict(sorted(others.items()))


def load_sweep_setup(reference: str) -> SweepSetup:
    """What can be varied of a suite.

    Raises:
        PhasegateError: no such suite, or one without questions.
    """
    suite = load_swept_suite(reference)
    base = load_settings(None, suite.settings)
    settings = {
        name: SweptSetting(
            name=name,
            help=FIELD_WORDS.get(name, ""),
            value=setting_value(getattr(base, name)),
            choices=CHOICES.get(name, ()),
            listed=OFFERS.get(name, ("", ""))[0],
            range=OFFERS.get(name, ("", ""))[1],
        )
        for name in field_names()
        if name not in (*ANSWER_ONLY, *FIXED, "filter")  # a filter's conditions hold commas: in a shell only
    }
    shipped = suite.name in list_suites() and reference == suite.name
    return SweepSetup(
        suite=suite.name,
        reference=suite.name if shipped else str(suite.path),
        settings=settings,
        goals=GOALS,
        goal=suite.goal,
        trials=TRIALS,
    )


def preview_sweep(
    setup: SweepSetup,
    values: Mapping[str, str],
    *,
    search: str,
    trials: int,
    goal: str,
    seed: int,
    limit: int | None,
) -> SweepPreview:
    """Check what is chosen, and say what it comes to.

    Raises:
        InputError: it cannot be started so.
    """
    grid = [f"{name}={written}" for name, written in values.items()]
    request = SweepRequest(
        suite=setup.reference,
        grid=grid,
        search=search,
        trials=None if search == "grid" else trials,
        seed=seed,
        measure=goal,
        limit=limit,
    )
    plan = plan_sweep(request)
    arguments = ("sweep", setup.reference, *_options(grid, request))
    return SweepPreview(
        words=f"{plural(plan.planned, 'setting')}, the one that the sweep starts from among them",
        command=f"python -m engine {shlex.join(arguments)}",
        arguments=arguments,
    )


def _options(grid: Sequence[str], request: SweepRequest) -> list[str]:
    options = [part for text in grid for part in ("--grid", "".join(text.split()))]  # "256, 512" as "256,512"
    if request.trials is not None:
        options += ["--search", request.search, "--trials", str(request.trials)]
    if request.measure:
        options += ["--measure", request.measure]
    if request.seed:
        options += ["--seed", str(request.seed)]
    return options + (["--limit", str(request.limit)] if request.limit else [])
