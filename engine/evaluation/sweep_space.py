"""What a sweep tries: which settings, over which values or ranges. Written as ``chunk_size=256,512`` or ``weight=0.2:0.8``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import SettingError, UnknownNameError
from engine.settings import PipelineSettings

SEARCHES = ("grid", "random", "bayesian")
MOST_POINTS = 5_000
# The context, which a sweep scores, never sees them.
ANSWER_ONLY = ("provider", "model", "temperature", "answer_words", "prompt", "repair", "validators", "consensus")
FIXED = {
    "embedder": "a sweep works on the token vectors of the bundled model and cannot change it.",
    "precision": "a sweep works on token vectors of one precision and cannot change it on the way.",
    "pooling": "a sweep pools the vectors of all chunks from token vectors, so separate and late would score alike.",
}
LOG_SCALE = ("chunk_size", "top_k", "budget_tokens")  # where twice as much matters more than ten more
LOG_RATIO = 4
# What makes a value of one setting valid whatever the others are, so that it can be checked by itself.
_COMPANIONS: dict[str, dict[str, Any]] = {"chunk_overlap": {"chunk_size": 20_000}, "chunk_size": {"chunk_overlap": 0}}
_FIELDS = PipelineSettings.__dataclass_fields__


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One setting and what is tried of it: ``values``, or every value from ``low`` to ``high``."""

    name: str
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    log: bool = False

    @property
    def is_range(self) -> bool:
        """Whether values are drawn from a range."""
        return self.low is not None

    @property
    def whole(self) -> bool:
        """Whether the setting counts something."""
        return isinstance(_FIELDS[self.name].default, int)

    @property
    def size(self) -> float:
        """How many different values there are; infinite for a range of fractions."""
        if self.low is None or self.high is None:
            return len(self.values)
        return self.high - self.low + 1 if self.whole else math.inf

    def at(self, share: float) -> Any:
        """The value at a share in [0, 1) of the way through, even on the scale of the dimension."""
        if self.low is None or self.high is None:
            return self.values[int(share * len(self.values))]
        low, high = self.low, self.high + (1 if self.whole else 0)
        value = math.exp(math.log(low) + share * math.log(high / low)) if self.log else low + share * (high - low)
        return min(int(value), int(self.high)) if self.whole else round(value, 4)

    @property
    def words(self) -> str:
        """As it is written after ``--grid``, without the name."""
        if self.low is not None:
            return f"{self.low:g}:{self.high:g}"
        return ",".join(str(value) for value in self.values)

    def as_json(self) -> dict[str, Any]:
        """As the store keeps it."""
        if self.low is None:
            return {"name": self.name, "values": list(self.values)}
        return {"name": self.name, "low": self.low, "high": self.high, "log": self.log}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Dimension:
        """The reverse of :meth:`as_json`."""
        return cls(**{**value, "values": tuple(value.get("values", ()))})


def parse_space(texts: Iterable[str], search: str) -> tuple[Dimension, ...]:
    """Read ``name=values`` texts. Values of one name given twice are put together.

    Raises:
        UnknownNameError: an unknown setting or kind of search.
        SettingError: a value of the wrong type or out of range, no value, one value alone, a range in a grid, a setting
            that changes nothing that a sweep measures.
    """
    if search not in SEARCHES:
        raise UnknownNameError("search", search, SEARCHES)
    found: dict[str, Dimension] = {}
    for text in texts:
        name, sign, written = (part.strip() for part in text.partition("="))
        if not sign:
            raise SettingError(f"--grid {text!r} is not of the form name=values.", "Write, say, --grid top_k=5,10,20.")
        check_swept(name)
        found[name] = _join(found.get(name), _parse_dimension(name, written, search))
    if not found:
        raise SettingError("A sweep needs settings to vary; none was given.", "Write, say, --grid chunk_size=256,512.")
    for dimension in found.values():
        if dimension.size < 2:
            raise SettingError(
                f"{dimension.name}: one value, {dimension.words or 'empty'}, is nothing to compare.",
                f"Give two or more after --grid, or fix it with --set {dimension.name}={dimension.words}.",
            )
    dimensions = tuple(found.values())
    points = math.prod(dimension.size for dimension in dimensions)
    if search == "grid" and points > MOST_POINTS:
        raise SettingError(
            f"This grid has {points:,.0f} combinations; {MOST_POINTS:,} are the most.",
            "Give fewer values, or --search random or bayesian with --trials.",
        )
    return dimensions


def check_swept(name: str) -> None:
    """Raises:
    UnknownNameError: there is no such setting.
    SettingError: the setting cannot be swept; says why and what to do instead.
    """
    if name not in _FIELDS:
        raise UnknownNameError("setting", name, _FIELDS)
    if name in ANSWER_ONLY:
        raise SettingError(
            f"{name}: a sweep scores the context, and {name} changes only what is written from it.",
            f"Compare whole runs: python -m engine run SUITE --set {name}=...",
        )
    if name in FIXED:
        raise SettingError(f"{name}: {FIXED[name]}", f"Compare whole runs: python -m engine run SUITE --set {name}=...")


def check_runnable(settings: PipelineSettings) -> None:
    """Settings that only the whole pipeline can run.

    Raises:
        SettingError: names the setting and the command that can.
    """
    instead = {
        "embedder": settings.embedder != "minilm",
        "reranker": settings.reranker not in ("none", "sentences"),
        "provider": settings.provider != "extractive",
    }
    for name in (name for name, remote in instead.items() if remote):
        value = getattr(settings, name)
        raise SettingError(
            f"{name}={value}: needs a remote model, which a sweep does not ask.",
            f"Use a whole run: python -m engine run SUITE --set {name}={value}",
        )


def combine(base: PipelineSettings, values: Mapping[str, Any]) -> PipelineSettings:
    """The settings of a trial.

    Raises:
        SettingError: an impossible combination, such as an overlap that is not smaller than the size.
    """
    settings = base.with_values(values)
    check_runnable(settings)
    return settings


def key_of(base: PipelineSettings, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes two trials the same, also where they are impossible."""
    return tuple((base.as_dict() | dict(values)).values())


def restore_space(rows: Sequence[Mapping[str, Any]]) -> tuple[Dimension, ...]:
    """Dimensions as the store kept them."""
    return tuple(Dimension.from_json(row) for row in rows)


def _join(earlier: Dimension | None, later: Dimension) -> Dimension:
    if earlier is None:
        return later
    if earlier.is_range or later.is_range:
        raise SettingError(f"{later.name}: a range stands alone.", "Give one range, or a list of values.")
    return Dimension(name=later.name, values=tuple(dict.fromkeys(earlier.values + later.values)))


def _parse_dimension(name: str, written: str, search: str) -> Dimension:
    numeric = not isinstance(_FIELDS[name].default, str)
    if numeric and ":" in written:
        return _parse_range(name, written, search)
    # The conditions of a filter hold commas themselves, and no filter is a value too.
    parts = [written] if name == "filter" else [part.strip() for part in written.split(",")]
    if name != "filter" and not all(parts):
        raise SettingError(
            f"{name}: a value is missing in {written!r}.", f"Write, say, --grid {name}={_example(name)}."
        )
    return Dimension(name=name, values=tuple(dict.fromkeys(_read(name, part) for part in parts)))


def _parse_range(name: str, written: str, search: str) -> Dimension:
    ends = [part.strip() for part in written.split(":")]
    if len(ends) != 2 or "," in written or not all(ends):
        raise SettingError(f"{name}: {written!r} is no range.", f"Write, say, {name}={_example(name, ':')}.")
    low, high = (_read(name, end) for end in ends)
    if search == "grid":
        raise SettingError(
            f"{name}: a grid needs values, not the range {written}.",
            f"List them, say {name}={_example(name)}, or add --search random or --search bayesian.",
        )
    if low >= high:
        raise SettingError(f"{name}: the range {written} does not grow.", "Write the smaller end first.")
    log = name in LOG_SCALE and low > 0 and high / low >= LOG_RATIO
    return Dimension(name=name, low=low, high=high, log=log)


def _read(name: str, text: str) -> Any:
    value = getattr(PipelineSettings().with_values(_COMPANIONS.get(name, {}) | {name: text}), name)
    if name == "reranker" and value not in ("none", "sentences"):
        check_runnable(PipelineSettings(reranker=value))
    return value


def _example(name: str, sign: str = ",") -> str:
    default = _FIELDS[name].default
    if isinstance(default, str):
        return "...,..."
    return f"{default}{sign}{default * 2 or 1}" if isinstance(default, int) else f"0.2{sign}0.4"
