"""Settings: pipeline defaults field by field, presets, where state lives, what is installed, the machine's health."""

from __future__ import annotations

import dataclasses
import importlib
import os
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from engine.embedding.weights import SHA256
from engine.errors import PhasegateError
from engine.identity import find_person
from engine.operations.machine import read_version
from engine.settings import CHOICES, INDEX_FIELDS, PRESETS, RANGES, PipelineSettings, home, load_settings
from engine.store import AuditTrail, PreferenceStore, Store
from engine.views.words import DASH, setting_value

GROUPS = {
    "Chunking": ("chunker", "chunk_size", "chunk_overlap", "chunk_unit"),
    "Embedding": ("embedder", "precision", "pooling"),
    "Retrieval": (
        "mode",
        "fusion",
        "weight",
        "expansion",
        "top_k",
        "diversity",
        "reranker",
        "filter",
        "min_similarity",
    ),
    "Context": ("budget_tokens", "min_quality", "enhance"),
    "Answers": ("provider", "model", "temperature", "answer_words"),
    "Quality of a model's answers": ("prompt", "repair", "validators", "consensus"),
}
FIELD_WORDS = {
    "chunker": "How documents are cut: adaptive goes by the kind of text, recursive keeps paragraphs and headings "
    "together, fixed cuts at the size; the others suit the kind of text they are named after.",
    "chunk_size": "Largest chunk, counted in chunk_unit.",
    "chunk_overlap": "What neighbouring chunks share, counted in chunk_unit; smaller than chunk_size.",
    "chunk_unit": "What chunk_size and chunk_overlap count.",
    "embedder": "minilm is the bundled model; any other value is a litellm name such as openai/text-embedding-3-small.",
    "precision": "exact computes in 32-bit floats, fast in 8-bit integers: about twice the speed, cosine at least 0.99.",
    "pooling": "separate embeds each chunk by itself; late embeds each document once and takes a chunk's vector out of it.",
    "mode": "hybrid joins meaning (dense) and words (lexical).",
    "weight": "Share of the dense ranking in hybrid search; the rest is BM25's.",
    "fusion": "How hybrid search joins its two rankings: rrf by their ranks, convex by their scores.",
    "expansion": "Words of the best chunks of a first search that a second one adds to the question; 0 is off.",
    "diversity": "Share of novelty in the order of chunks, so that near-copies do not fill the context; 0 is off.",
    "reranker": "sentences orders chunks by their best sentence, none leaves the search's order; "
    "any other value is the litellm name of a rerank model.",
    "filter": "Documents that may be searched, as field=pattern joined by commas: document=policies/*.",
    "top_k": "Chunks handed to context selection.",
    "min_similarity": "Cosine under which a chunk does not enter the context.",
    "budget_tokens": "Most tokens of context.",
    "min_quality": "Context quality under which the engine abstains.",
    "enhance": "Most rounds of improving a context whose quality is low; 0 is off.",
    "provider": "extractive answers with sentences of the documents and needs no model; litellm asks the model below.",
    "model": "litellm names, such as ollama/llama3.2, or names of saved providers, joined by commas in the order in which "
    "they are tried; empty asks the saved providers by priority.",
    "prompt": "The template that asks the model: a name, or name@version.",
    "repair": "How often an answer that fails its quality control is asked for anew.",
    "validators": "How many judgements of the model an answer has to pass; 0 asks for none.",
    "consensus": "Share of the validators that must agree.",
    "temperature": "Randomness of a model's answer; 0 is the most repeatable.",
    "answer_words": "Most words of an extractive answer.",
}
STEPS = {
    "weight": 0.05,
    "diversity": 0.05,
    "min_similarity": 0.01,
    "min_quality": 0.01,
    "temperature": 0.1,
    "consensus": 0.05,
}
PACKAGES = ("streamlit", "duckdb", "lancedb", "onnxruntime", "ragas", "litellm", "plotly")
KEYS = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "MISTRAL_API_KEY",
    "GEMINI_API_KEY",
    "HUGGINGFACE_API_KEY",
    "AZURE_API_KEY",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One setting: its value, what it may be, what it means. ``reindexes``: changing it embeds the corpora anew."""

    name: str
    value: Any
    default: Any
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    step: float | None
    help: str
    reindexes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding of the doctor."""

    name: str
    status: str
    detail: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsView:
    """Everything on the Settings screen."""

    groups: Mapping[str, tuple[Field, ...]]
    changed: Mapping[str, tuple[str, str]]
    note: str
    presets: tuple[Mapping[str, str], ...]
    places: Mapping[str, str]
    versions: Mapping[str, str]
    keys: Mapping[str, bool]


def load_settings_view(store: Store) -> SettingsView:
    """Saved defaults and where everything is."""
    defaults = PipelineSettings()
    saved: Mapping[str, Any] = PreferenceStore(store).load_preference("pipeline", {}) or {}
    note = ""
    try:
        current = load_settings(None, saved)
    except PhasegateError as error:
        current, note = defaults, f"The saved defaults cannot be used and are left out: {error.message}"
    groups = {name: tuple(_field(n, current, defaults) for n in names) for name, names in GROUPS.items()}
    changed = {
        n: (setting_value(getattr(defaults, n)), setting_value(getattr(current, n)))
        for n in defaults.as_dict()
        if getattr(defaults, n) != getattr(current, n)
    }
    return SettingsView(
        groups=groups,
        changed=changed,
        note=note,
        presets=_presets(),
        places=_places(store),
        versions=_versions(),
        keys={name: bool(os.environ.get(name)) for name in KEYS},
    )


def save_settings(store: Store, values: Mapping[str, Any], who: str = "", reason: str = "") -> PipelineSettings:
    """Saves the fields that differ from the shipped defaults; a change is written into the audit trail.

    Args:
        who: by default whoever this process works for.

    Raises:
        SettingError: a value of the wrong type or out of range; nothing was saved.
    """
    settings = load_settings(None, values)
    defaults = PipelineSettings().as_dict()
    changed = {name: value for name, value in settings.as_dict().items() if value != defaults[name]}
    preferences = PreferenceStore(store)
    before = preferences.load_preference("pipeline", {}) or {}
    preferences.save_preference("pipeline", changed or None)
    names = [name for name in defaults if before.get(name, defaults[name]) != changed.get(name, defaults[name])]
    if names:
        AuditTrail(store).record_entry(
            who or find_person(),
            "settings changed",
            "settings/pipeline",
            before={name: before.get(name, defaults[name]) for name in names},
            after={name: changed.get(name, defaults[name]) for name in names},
            reason=reason,
        )
    return settings


def run_checks() -> tuple[Check, ...] | None:
    """What ``doctor`` finds; None where this version has none."""
    doctor = load_function("engine.operations.doctor", "run_doctor")
    if doctor is None:
        return None
    return tuple(Check(name=c.name, status=c.status, detail=c.detail, advice=c.advice) for c in doctor(home()))


def load_function(module: str, name: str) -> Callable[..., Any] | None:
    """A function of a module that may not be part of this version."""
    try:
        return getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            return None
        raise


def _field(name: str, current: PipelineSettings, defaults: PipelineSettings) -> Field:
    low, high = RANGES.get(name, (None, None))
    value = getattr(current, name)
    return Field(
        name=name,
        value=value,
        default=getattr(defaults, name),
        choices=CHOICES.get(name, ("extractive", "litellm") if name == "provider" else ()),
        low=low if isinstance(value, float) or low is None else int(low),
        high=high if isinstance(value, float) or high is None else int(high),
        step=STEPS.get(name, 1 if isinstance(value, int) else None),
        help=FIELD_WORDS.get(name, ""),
        reindexes=name in INDEX_FIELDS,
    )


def _presets() -> tuple[Mapping[str, str], ...]:
    names = list(dict.fromkeys(name for values in PRESETS.values() for name in values))
    return tuple(
        {"setting": name, **{preset: setting_value(v.get(name)) for preset, v in PRESETS.items()}} for name in names
    )


def _places(store: Store) -> dict[str, str]:
    folder = home()
    free = shutil.disk_usage(folder if folder.exists() else folder.anchor).free
    return {
        "State (PHASEGATE_HOME)": str(folder),
        "Store": str(folder / "store.duckdb"),
        "Indexes": str(folder / "lance"),
        "Uploads": str(folder / "uploads"),
        "Logs": str(folder / "logs"),
        "Free disk": f"{free / 1e9:,.1f} GB",
        "Store is served by": "this app" if store.role == "owner" else "another process",
    }


def _versions() -> dict[str, str]:
    found = {
        "Phasegate": read_version(),
        "Python": platform.python_version(),
        "Embedding model": f"minilm, sha256 {SHA256[:16]}…",
    }
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = DASH
    return found


def field_names() -> tuple[str, ...]:
    """Names of all settings, in order."""
    return tuple(f.name for f in dataclasses.fields(PipelineSettings))
