"""Settings of the pipeline, presets, and where Phasegate keeps its state."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import SettingError, UnknownNameError

ROOT = Path(__file__).resolve().parent.parent
DATASETS = ROOT / "datasets"

# Grows when documents are read, split or embedded in another way, so that older indexes are built anew.
INDEX_VERSION = 8
INDEX_FIELDS = ("chunker", "chunk_size", "chunk_overlap", "chunk_unit", "embedder", "precision", "pooling")
CHOICES: dict[str, tuple[str, ...]] = {
    "chunker": (
        "adaptive",
        "recursive",
        "fixed",
        "sentence",
        "semantic",
        "dialogue",
        "narrative",
        "structure",
        "table",
    ),
    "chunk_unit": ("characters", "tokens"),
    "precision": ("exact", "fast"),
    "pooling": ("separate", "late"),
    "mode": ("hybrid", "dense", "lexical"),
    "fusion": ("learned", "rrf", "convex"),
    "provider": ("extractive", "litellm"),
}
RANGES: dict[str, tuple[float, float]] = {
    "chunk_size": (50, 20_000),
    "chunk_overlap": (0, 10_000),
    "weight": (0.0, 1.0),
    "top_k": (1, 200),
    "diversity": (0.0, 1.0),
    "expansion": (0, 50),
    "min_similarity": (-1.0, 1.0),
    "budget_tokens": (50, 100_000),
    "min_quality": (0.0, 1.0),
    "enhance": (0, 4),
    "answer_words": (5, 60),
    "repair": (0, 1),
    "validators": (0, 6),
    "consensus": (0.0, 1.0),
    "temperature": (0.0, 2.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """Everything that changes what the pipeline answers. Field names are the same in files, ``--set`` and on screens.

    Attributes:
        chunk_size, chunk_overlap: in ``chunk_unit``.
        embedder: ``minilm`` for the bundled model, else a litellm model name (``openai/text-embedding-3-small``).
        precision: ``exact`` is fp32; ``fast`` has int8 MatMul weights.
        pooling: ``separate`` embeds each chunk by itself; ``late`` embeds each document once and pools its token vectors.
        fusion: how hybrid search joins its two rankings: ``learned`` by a fitted balance, ``rrf`` by rank, ``convex`` by
            normalised score.
        weight: share of the dense ranking in hybrid search; the rest is BM25's.
        expansion: words taken from the best chunks of a first search and added to the second (pseudo-relevance
            feedback); 0 is off.
        top_k: chunks handed to context selection.
        diversity: share of novelty against relevance in the order of chunks (maximal marginal relevance); 0 is off.
        reranker: ``none``, ``sentences`` (chunks by their best sentence) or the litellm name of a rerank model.
        filter: conditions on documents, ``field=pattern`` joined by commas (``document=policies/*,content_type=markdown``).
        min_similarity: cosine floor for a chunk, or its best sentence, to enter the context.
        budget_tokens: most tokens of context, counted by the embedding model's tokenizer.
        min_quality: context quality under which the engine abstains.
        enhance: most rounds of improving a context whose quality is low; 0 is off.
        answer_words: most words of an extractive answer.
        provider: ``extractive`` needs no model; ``litellm`` asks ``model``.
        model: litellm names or names of saved providers, joined by commas, in the order in which they are tried; empty asks
            the saved providers by their priority.
        prompt: the template that asks a model: a name, or ``name@version``.
        repair: how often an answer that fails its quality control is asked for anew.
        validators: how many of a model's judgements an answer has to pass; 0 asks for none.
        consensus: share of the validators that must agree.
    """

    chunker: str = "adaptive"
    chunk_size: int = 1024
    chunk_overlap: int = 200
    chunk_unit: str = "characters"
    embedder: str = "minilm"
    precision: str = "fast"
    pooling: str = "separate"
    mode: str = "hybrid"
    fusion: str = "learned"
    weight: float = 0.5
    expansion: int = 0
    top_k: int = 20
    diversity: float = 0.0
    reranker: str = "none"
    filter: str = ""
    min_similarity: float = 0.28
    budget_tokens: int = 900
    min_quality: float = 0.08
    enhance: int = 2
    answer_words: int = 60
    provider: str = "extractive"
    model: str = ""
    temperature: float = 0.0
    prompt: str = "answer"
    repair: int = 1
    validators: int = 0
    consensus: float = 0.6

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            _check_value(f.name, getattr(self, f.name))
        if self.chunk_overlap >= self.chunk_size:
            raise SettingError(
                f"chunk_overlap {self.chunk_overlap} must be smaller than chunk_size {self.chunk_size}.",
                "Lower chunk_overlap or raise chunk_size.",
            )

    @property
    def index_fingerprint(self) -> str:
        """Twelve hex digits over the fields that need re-indexing; retrieval settings never change it."""
        fields = {name: getattr(self, name) for name in INDEX_FIELDS}
        payload = json.dumps({"version": INDEX_VERSION, **fields}, sort_keys=True)
        return hashlib.sha256(payload.encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, Any]:
        """Field names and values, in order."""
        return dataclasses.asdict(self)

    def with_values(self, values: Mapping[str, Any]) -> PipelineSettings:
        """A copy with some fields changed. Strings are read as the field's type.

        Raises:
            SettingError: an unknown field, a wrong type, a value out of range.
        """
        parsed = {name: _parse_value(name, value) for name, value in values.items()}
        return dataclasses.replace(self, **parsed)


_FIELDS = {f.name: f for f in dataclasses.fields(PipelineSettings)}

PRESETS: dict[str, dict[str, Any]] = {
    "fast": {"chunk_size": 512, "chunk_overlap": 100, "top_k": 10, "min_similarity": 0.35},
    "balanced": {"chunk_size": 1024, "chunk_overlap": 200, "top_k": 20, "min_similarity": 0.28},
    "accurate": {"chunk_size": 2048, "chunk_overlap": 400, "top_k": 40, "min_similarity": 0.22},
}


def load_settings(preset: str | None = None, *layers: Mapping[str, Any]) -> PipelineSettings:
    """Defaults, then a preset, then each layer in turn (a suite's settings, the person's overrides)."""
    settings = PipelineSettings()
    if preset:
        if preset not in PRESETS:
            raise UnknownNameError("preset", preset, PRESETS)
        settings = settings.with_values(PRESETS[preset])
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update(layer)
    return settings.with_values(merged)


def parse_assignments(assignments: Iterable[str], others: Collection[str] = ()) -> dict[str, str]:
    """``["chunk_size=512"]`` to ``{"chunk_size": "512"}``, names checked; ``others`` are allowed beside settings."""
    values: dict[str, str] = {}
    for text in assignments:
        name, sign, value = text.partition("=")
        if not sign:
            raise SettingError(f"--set {text!r} is not of the form name=value.", "Write, say, --set chunk_size=512.")
        if name.strip() not in others:
            _known(name.strip())
        values[name.strip()] = value.strip()
    return values


def _known(name: str) -> None:
    if name not in _FIELDS:
        raise SettingError(f"There is no setting called {name!r}. Known: {', '.join(sorted(_FIELDS))}.")


def _parse_value(name: str, value: Any) -> Any:
    _known(name)
    wanted = type(_FIELDS[name].default)
    if isinstance(value, str) and wanted is not str:
        try:
            return wanted(value)
        except ValueError:
            raise SettingError(f"{name}: expected {_type_words(wanted)}, found {value!r}.") from None
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _check_value(name: str, value: Any) -> None:
    wanted = type(_FIELDS[name].default)
    if type(value) is not wanted:
        raise SettingError(f"{name}: expected {_type_words(wanted)}, found {value!r}.")
    if name in CHOICES and value not in CHOICES[name]:
        raise SettingError(f"{name}: expected one of {', '.join(CHOICES[name])}, found {value!r}.")
    if name in RANGES:
        low, high = RANGES[name]
        if not low <= value <= high:
            raise SettingError(f"{name}: expected {low:g} to {high:g}, found {value!r}.")


def _type_words(wanted: type) -> str:
    return {int: "a whole number", float: "a number", str: "text"}[wanted]


def home() -> Path:
    """The folder of all state: ``PHASEGATE_HOME``, by default ``.phasegate`` in the working folder."""
    given = os.environ.get("PHASEGATE_HOME") or ".phasegate"
    if given.startswith("~"):
        given = os.path.expanduser(given)
    return _resolve(given, "" if os.path.isabs(given) else os.getcwd())


@lru_cache(maxsize=64)
def _resolve(folder: str, start: str) -> Path:
    """Kept, since a question asks for it several times."""
    return Path(start, folder).resolve()
