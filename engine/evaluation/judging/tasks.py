"""What a judge is given and what it gives back, and the cache that it is promised."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict

from engine.evaluation.measures.ragas import TextSample


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTask:
    """One measure of one case. A conversation has several samples; its score is their mean."""

    case_id: str
    measure: str
    samples: tuple[TextSample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeReport:
    """What judging came to.

    Attributes:
        asked: scores that were wanted.
        answered: scores that ended, whatever their status; the rest was left when it was stopped.
        failed: of those, scores that failed.
        cached: model answers taken from the cache.
        calls: calls of the model, repeated attempts included.
        cost_usd: what the calls cost; None where a call had no known price, or none was made.
        seconds: from the first to the last.
        stopped: why it ended early: ``cancelled``, ``budget`` or "".
    """

    asked: int
    answered: int
    failed: int
    cached: int
    calls: int
    cost_usd: float | None
    seconds: float
    stopped: str = ""

    def as_json(self) -> dict[str, Any]:
        """All fields by name."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class AnswerRow(TypedDict):
    """A model's answer as it is kept. ``answer`` is JSON that has passed its checks."""

    key: str
    model: str
    answer: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None


class JudgeCache(Protocol):
    """Keeps model answers by key. Called from one thread at a time."""

    def known_keys(self, model: str) -> set[str]:
        """Keys of all answers of a model."""
        ...

    def load_answers(self, keys: Collection[str]) -> Mapping[str, AnswerRow]:
        """Answers by key; one that is gone is left out."""
        ...

    def keep_answers(self, rows: Sequence[AnswerRow]) -> None:
        """Keep answers, durable when this returns."""
        ...


class MemoryCache:
    """A cache that lives as long as the process: for trying a judge, and for tests."""

    def __init__(self) -> None:
        self.rows: dict[str, AnswerRow] = {}

    def known_keys(self, model: str) -> set[str]:
        """Keys of all answers of a model."""
        return {key for key, row in self.rows.items() if row["model"] == model}

    def load_answers(self, keys: Collection[str]) -> Mapping[str, AnswerRow]:
        """Answers by key."""
        return {key: self.rows[key] for key in keys if key in self.rows}

    def keep_answers(self, rows: Sequence[AnswerRow]) -> None:
        """Keep answers."""
        self.rows.update((row["key"], row) for row in rows)
