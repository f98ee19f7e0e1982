"""The Tuning lab's screen: what can be chosen, and what its buttons do with the settings at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.corpora import shipped_corpora
from engine.errors import PhasegateError
from engine.evaluation.suites import list_suites, load_suite
from engine.settings import PipelineSettings, load_settings
from engine.store import CorpusStore, Store
from engine.views.ask import load_defaults
from engine.views.tuning_controls import find_overrides
from engine.views.words import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningChoices:
    """Suites by name or folder, the one that is shown first, and the saved defaults with what is wrong with them."""

    suites: Mapping[str, str]
    default: str
    saved: PipelineSettings
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyTarget:
    """A corpus that can be ingested with the settings at hand. ``missing`` are sources that are no longer there."""

    sources: tuple[str, ...]
    words: str
    missing: tuple[str, ...]


def load_tuning(store: Store, suite: str | None) -> TuningChoices:
    """Every shipped suite, and the folder that a link names."""
    names = list_suites()
    suites = {name: _suite_words(name) for name in names}
    if suite and suite not in suites:
        suites[suite] = _suite_words(suite)
    try:
        saved, note = load_defaults(store), ""
    except PhasegateError as error:
        saved, note = PipelineSettings(), f"The saved defaults cannot be used and are left out: {error.message}"
    return TuningChoices(suites=suites, default=names[0] if names else "", saved=saved, note=note)


def list_targets(store: Store, suite: str) -> dict[str, ApplyTarget]:
    """Corpora that settings can be applied to, the suite's own first."""
    targets = {}
    for row in CorpusStore(store).list_corpora():
        sources = tuple(row["sources"])
        targets[row["corpus"]] = ApplyTarget(
            sources=tuple(s for s in sources if Path(s).exists()),
            words=f"{row['corpus']} ({plural(row['documents'], 'document')})",
            missing=tuple(s for s in sources if not Path(s).exists()),
        )
    for name, folder in shipped_corpora().items():
        targets.setdefault(name, ApplyTarget(sources=(str(folder),), words=f"{name} (not ingested yet)", missing=()))
    own = load_suite(suite).corpus
    return dict(sorted(targets.items(), key=lambda pair: pair[0] != own))


def list_run_overrides(suite: str, settings: PipelineSettings) -> dict[str, Any]:
    """What a run of the suite has to set, on top of the suite's own settings, to run with these."""
    return find_overrides(settings, load_settings(None, load_suite(suite).settings))


def _suite_words(reference: str) -> str:
    try:
        suite = load_suite(reference)
    except PhasegateError:
        return reference
    return f"{suite.title} ({plural(len(suite.cases), 'case')})"
