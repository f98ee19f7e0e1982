"""The controls of the Tuning lab, and its settings in a link: only what differs from the shipped defaults is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from engine.errors import SettingError
from engine.settings import CHOICES, INDEX_FIELDS, PRESETS, RANGES, PipelineSettings
from engine.views.settings import FIELD_WORDS

BASE = "base"
SHIPPED = "shipped"
BASELINE = "baseline"
STEPS: dict[str, float] = {
    "chunk_size": 32, "chunk_overlap": 10, "top_k": 1, "min_similarity": 0.01, "budget_tokens": 50, "weight": 0.05,
    "min_quality": 0.01, "expansion": 1, "diversity": 0.05, "enhance": 1,
}  # fmt: skip
# Where people tune. A setting beyond an end widens the slider as far as it needs.
REACH: dict[str, tuple[float, float]] = {
    "chunk_size": (64, 4096), "chunk_overlap": (0, 1000), "top_k": (1, 60), "min_similarity": (0.0, 0.8),
    "budget_tokens": (50, 2000), "expansion": (0, 30),
}  # fmt: skip
LABELS = {
    "chunk_size": "Chunk size", "chunk_overlap": "Overlap", "top_k": "Top-k", "min_similarity": "Similarity floor",
    "budget_tokens": "Context budget", "chunker": "Chunker", "pooling": "Vectors", "mode": "Search", "weight": "Share of meaning",
    "fusion": "Fusion", "expansion": "Expansion words", "diversity": "Diversity", "min_quality": "Quality minimum",
    "reranker": "Order of chunks", "enhance": "Rounds of improving",
}  # fmt: skip
BASIC = ("chunk_size", "chunk_overlap", "top_k", "min_similarity", "budget_tokens")
FURTHER = (
    "chunker", "pooling", "mode", "fusion", "weight", "reranker", "expansion", "diversity", "min_quality", "enhance",
)  # fmt: skip
OPTIONS = {"reranker": ("none", "sentences")}
UNITS = {"budget_tokens": "tokens", "top_k": "chunks", "expansion": "words"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One setting as a slider (``low``, ``high``, ``step``) or a list of ``options``.

    Attributes:
        disabled: why it changes nothing now (a weight without hybrid search); empty when it does.
        reindexes: changing it cuts or embeds the documents in another way.
    """

    name: str
    label: str
    value: Any
    low: float
    high: float
    step: float
    options: tuple[str, ...]
    help: str
    disabled: str
    reindexes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link holds: settings, the pinned baseline when it names one, and what in it could not be used."""

    settings: PipelineSettings
    baseline: PipelineSettings | None
    problems: tuple[str, ...]


def build_controls(settings: PipelineSettings, names: tuple[str, ...]) -> tuple[Control, ...]:
    """Controls that show these settings."""
    return tuple(_build_control(settings, name) for name in names)


def fit_overlap(chunk_size: int, wanted: int) -> int:
    """The wanted overlap where it is smaller than the chunk size, else half of the size."""
    step = int(STEPS["chunk_overlap"])
    return wanted if wanted < chunk_size else chunk_size // 2 // step * step


def fit_words(overlap: int, chunk_size: int) -> str:
    """Why the overlap is another than the one asked for."""
    return f"The overlap has to be smaller than the chunk size of {chunk_size}, so it was set to {overlap}."


def find_preset(settings: PipelineSettings, defaults: PipelineSettings) -> str | None:
    """The preset that these settings are, on top of the saved defaults."""
    return next((name for name, values in PRESETS.items() if defaults.with_values(values) == settings), None)


def write_link(
    settings: PipelineSettings, saved: PipelineSettings, baseline: PipelineSettings | None = None
) -> dict[str, str]:
    """Query parameters that restore these settings on any machine.

    A link without a setting opens the saved defaults of whoever opens it, so shipped defaults that differ from the saved
    ones are named by ``base=shipped``.
    """
    query = _changed(settings)
    if not query and settings != saved:
        query = {BASE: SHIPPED}
    if baseline is not None:
        query[BASELINE] = urlencode(_changed(baseline)) or SHIPPED
    return query


def read_link(query: Mapping[str, str], saved: PipelineSettings) -> Link:
    """Settings of a link. What cannot be used is left out and said; the rest stands."""
    known = PipelineSettings.__dataclass_fields__
    named = {name: value for name, value in query.items() if name in known}
    problems: list[str] = []
    start = PipelineSettings() if named or query.get(BASE) == SHIPPED else saved
    settings = _apply(start, named, problems)
    baseline = None
    if BASELINE in query:
        pinned = {} if query[BASELINE] == SHIPPED else dict(parse_qsl(query[BASELINE], keep_blank_values=True))
        baseline = _apply(PipelineSettings(), pinned, problems)
    return Link(settings=settings, baseline=baseline, problems=tuple(problems))


def is_link(query: Mapping[str, str]) -> bool:
    """Whether these query parameters name settings."""
    return any(name in PipelineSettings.__dataclass_fields__ or name in (BASE, BASELINE) for name in query)


def list_changes(settings: PipelineSettings, baseline: PipelineSettings) -> tuple[str, ...]:
    """``chunk_size 1024 → 512`` for each setting in which the two differ."""
    before, now = baseline.as_dict(), settings.as_dict()
    return tuple(f"{name} {before[name]} → {now[name]}" for name in now if now[name] != before[name])


def find_overrides(settings: PipelineSettings, start: PipelineSettings) -> dict[str, Any]:
    """What has to be set on top of ``start`` to get these settings."""
    before = start.as_dict()
    return {name: value for name, value in settings.as_dict().items() if value != before[name]}


def _changed(settings: PipelineSettings) -> dict[str, str]:
    return {name: str(value) for name, value in find_overrides(settings, PipelineSettings()).items()}


def _apply(start: PipelineSettings, values: Mapping[str, str], problems: list[str]) -> PipelineSettings:
    """All values at once; where one is broken or they contradict each other, one by one."""
    try:
        return start.with_values(values)
    except SettingError:
        settings = start
    pair = {name: values[name] for name in ("chunk_size", "chunk_overlap") if name in values}
    for group in ({name: value} for name, value in values.items() if name not in pair):
        settings = _apply_group(settings, group, problems)
    return _apply_group(settings, pair, problems)


def _apply_group(settings: PipelineSettings, values: Mapping[str, str], problems: list[str]) -> PipelineSettings:
    try:
        return settings.with_values(values)
    except SettingError as error:
        fitted = _fit_pair(settings, values)
        problems.append(
            fit_words(fitted.chunk_overlap, fitted.chunk_size) if fitted else f"{error.message} It was left out."
        )
        return fitted or settings


def _fit_pair(settings: PipelineSettings, values: Mapping[str, str]) -> PipelineSettings | None:
    """The settings with an overlap that fits the size; None where something else is wrong."""
    try:
        size = int(values.get("chunk_size", settings.chunk_size))
        wanted = int(values.get("chunk_overlap", settings.chunk_overlap))
        fitted = {"chunk_size": size, "chunk_overlap": fit_overlap(size, wanted)}
        return settings.with_values(fitted) if wanted >= size else None
    except (ValueError, SettingError):
        return None


def _build_control(settings: PipelineSettings, name: str) -> Control:
    value = getattr(settings, name)
    low, high = REACH.get(name, RANGES.get(name, (0, 0)))
    number = float if isinstance(value, float) else int
    options = OPTIONS.get(name, CHOICES.get(name, ()))
    return Control(
        name=name,
        label=LABELS[name],
        value=value,
        low=0 if options else number(min(low, value)),
        high=0 if options else number(max(high, value)),
        step=number(STEPS.get(name, 1)),
        options=options if value in options or not options else (*options, value),
        help=f"`{name}`: {FIELD_WORDS.get(name, '')}"
        + (f" Unit: {_unit(settings, name)}." if _unit(settings, name) else ""),
        disabled=_why_idle(settings, name),
        reindexes=name in INDEX_FIELDS,
    )


def _unit(settings: PipelineSettings, name: str) -> str:
    return settings.chunk_unit if name in ("chunk_size", "chunk_overlap") else UNITS.get(name, "")


def _why_idle(settings: PipelineSettings, name: str) -> str:
    if name in ("weight", "fusion") and settings.mode != "hybrid":
        return f"Only hybrid search mixes two rankings; the search is {settings.mode}."
    return ""
