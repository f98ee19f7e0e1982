"""The first visit: where it stands, and which answer models this machine can reach."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from engine.corpora import shipped_corpora
from engine.evaluation.suite_folders import list_shipped_suites
from engine.evaluation.suites import load_suite
from engine.store import CorpusStore, RunStore, Store
from engine.views.suites import load_example_questions
from engine.views.words import plural

OLLAMA = "http://127.0.0.1:11434"
STEPS = ("welcome", "documents", "model", "ask", "suite")
STEP_TITLES = {
    "welcome": "What this is",
    "documents": "Documents",
    "model": "Model",
    "ask": "First question",
    "suite": "First suite",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCorpus:
    """A corpus that comes with Phasegate."""

    name: str
    words: str
    suite: str
    cases: int
    ingested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding:
    """State of the wizard. ``done`` names the steps that the store shows to be done."""

    samples: tuple[SampleCorpus, ...]
    ingested: tuple[str, ...]
    done: tuple[str, ...]
    suites: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaState:
    """Whether Ollama answers on this machine, and which models it has."""

    running: bool
    models: tuple[str, ...]
    words: str


def load_onboarding(store: Store) -> Onboarding:
    """What is there already."""
    ingested = tuple(r["corpus"] for r in CorpusStore(store).list_corpora())
    suites = {name: load_suite(name) for name in list_shipped_suites()}
    samples = []
    for name, folder in shipped_corpora().items():
        suite = next((s for s in suites.values() if s.corpus == name), None)
        files = sum(1 for path in folder.rglob("*") if path.is_file())
        words = suite.description if suite else ""
        samples.append(
            SampleCorpus(
                name=name,
                words=f"{plural(files, 'file')}. {words}",
                suite=suite.name if suite else "",
                cases=len(suite.cases) if suite else 0,
                ingested=name in ingested,
            )
        )
    finished = RunStore(store).count_runs(status="finished")
    done = ["welcome"] * bool(ingested or finished) + ["documents"] * bool(ingested) + ["suite"] * bool(finished)
    return Onboarding(
        samples=tuple(samples),
        ingested=ingested,
        done=tuple(done),
        suites={s.name: f"{s.title} ({plural(len(s.cases), 'case')})" for s in suites.values()},
    )


def first_questions(corpus: str) -> tuple[str, ...]:
    """Questions to begin with."""
    return load_example_questions(corpus, 4)


def probe_ollama(timeout: float = 0.4) -> OllamaState:
    """Asks the usual address on this machine; waits at most ``timeout`` seconds."""
    try:
        with urllib.request.urlopen(f"{OLLAMA}/api/tags", timeout=timeout) as response:
            models = tuple(m["name"] for m in json.load(response).get("models", []))
    except (urllib.error.URLError, TimeoutError, OSError, ValueError, KeyError, TypeError):
        return OllamaState(running=False, models=(), words=f"Ollama does not answer at {OLLAMA}.")
    words = (
        f"Ollama answers with {plural(len(models), 'model')}." if models else "Ollama answers but has no models yet."
    )
    return OllamaState(running=True, models=models, words=words)


def key_is_set(name: str) -> bool:
    """Whether an environment variable of that name has a value; the value itself is never read further."""
    return bool(name.strip()) and bool(os.environ.get(name.strip()))
