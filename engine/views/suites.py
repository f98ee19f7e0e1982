"""Suites on the shelf: what each holds, what it wants, how its newest run went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import PhasegateError
from engine.evaluation.suite_folders import find_shadowed, list_home_folders
from engine.evaluation.suites import Suite, list_suites, load_suite
from engine.store import RunStore, Store
from engine.views.run_states import STATE_WORDS
from engine.views.words import DASH, decimal, milliseconds, percent, plural


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The newest run of a suite."""

    run_id: str
    state: str
    success: str
    when: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCard:
    """One shipped suite. ``error`` stands instead of the rest when its files are broken."""

    name: str
    title: str
    description: str
    cases: int
    last: LastRun | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteDetail:
    """One suite, ready to be set and started.

    Attributes:
        reference: what to give to ``run``: the name of a shipped suite, else its folder.
        rules: pass rules in words.
        examples: questions of its cases, for Ask.
    """

    name: str
    reference: str
    title: str
    description: str
    licence: str
    corpus: str
    corpus_path: str
    cases: int
    kinds: Mapping[str, int]
    tags: Mapping[str, int]
    unanswerable: int
    rules: tuple[str, ...]
    settings: Mapping[str, Any]
    measures: int
    hash: str
    path: str
    active_run: str | None
    recent: tuple[LastRun, ...]


def load_suite_cards(store: Store) -> tuple[SuiteCard, ...]:
    """Every suite that is found by name with its newest run, and the home's that cannot be for its name."""
    shadowed = [str(folder) for folder in list_home_folders() if find_shadowed(folder)]
    return tuple(_load_card(store, name) for name in [*list_suites(), *shadowed])


def load_suite_detail(store: Store, reference: str) -> SuiteDetail:
    """One suite by name or folder.

    Raises:
        PhasegateError: no such suite, or a file of it is broken.
    """
    suite = load_suite(reference)
    active = [r["run_id"] for r in RunStore(store).list_runs(5, suite=suite.name, status="running")]
    return SuiteDetail(
        name=suite.name,
        reference=suite.name if suite.name in list_suites() and reference == suite.name else str(suite.path),
        title=suite.title,
        description=suite.description,
        licence=suite.licence,
        corpus=suite.corpus,
        corpus_path=str(suite.corpus_path),
        cases=len(suite.cases),
        kinds=dict(Counter(case.kind for case in suite.cases).most_common()),
        tags=dict(Counter(tag for case in suite.cases for tag in case.tags).most_common()),
        unanswerable=sum(turn.unanswerable for case in suite.cases for turn in case.turns),
        rules=tuple(rule_words(name, goal) for name, goal in suite.pass_rules.items()),
        settings=dict(suite.settings),
        measures=len(suite.measures),
        hash=suite.hash[:16],
        path=str(suite.path),
        active_run=active[0] if active else None,
        recent=_last_runs(store, suite.name, 5),
    )


def load_example_questions(corpus: str, limit: int = 6) -> tuple[str, ...]:
    """Questions of the shipped suites over a corpus, one per tag first, so that they differ."""
    found: list[tuple[str, str]] = []
    for name in list_suites():
        suite = _load_quietly(name)
        if suite and suite.corpus == corpus:
            found += [
                (c.tags[-1] if c.tags else "", c.turns[0].question)
                for c in suite.cases
                if c.kind == "qa" and len(c.turns[0].question) < 90
            ]
    first: dict[str, str] = {}
    for tag, question in found:
        first.setdefault(tag, question)
    chosen = list(dict.fromkeys([*first.values(), *(question for _, question in found)]))
    return tuple(chosen[:limit])


def rule_words(name: str, goal: float) -> str:
    """``success rate at least 80.0 %``."""
    if name.endswith("_ms"):
        return f"{name.removesuffix('_ms').replace('_', ' ')} at most {milliseconds(goal)}"
    words = percent(goal) if name == "success_rate" else decimal(goal, 2)
    return f"{name.replace('_', ' ')} at least {words}"


def _load_card(store: Store, name: str) -> SuiteCard:
    try:
        suite = load_suite(name)
    except PhasegateError as error:
        return SuiteCard(name=name, title=name, description="", cases=0, last=None, error=error.message)
    runs = _last_runs(store, suite.name, 1)
    return SuiteCard(
        name=name,
        title=suite.title,
        description=suite.description,
        cases=len(suite.cases),
        last=runs[0] if runs else None,
    )


def _last_runs(store: Store, suite: str, limit: int) -> tuple[LastRun, ...]:
    return tuple(
        LastRun(
            run_id=r["run_id"],
            state=STATE_WORDS.get(r["status"], r["status"]),
            success=_success(r),
            when=r["started_at"],
        )
        for r in RunStore(store).list_runs(limit, suite=suite)
    )


def _success(run: Mapping[str, Any]) -> str:
    rate = run["success_rate"]
    return f"{percent(rate['value'])} of {plural(rate['n'], 'case')}" if rate["value"] is not None else DASH


def _load_quietly(name: str) -> Suite | None:
    try:
        return load_suite(name)
    except PhasegateError:
        return None
