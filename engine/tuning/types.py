"""What the Tuning lab says: the figures of a suite under some settings, one question in detail, two settings compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.settings import PipelineSettings
from engine.types import ContextPart, Ranked, Span

MEASURES = ("recall", "precision", "iou", "document_recall@5", "ndcg@10", "quality", "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabCase:
    """One question of a suite; a conversation gives one for each turn, with ids ``case#1``, ``case#2``.

    Attributes:
        gold: relevant spans with both ends; empty when the suite names none.
        background: earlier questions of the conversation that this one leans on, oldest first.
    """

    id: str
    question: str
    gold: tuple[Span, ...]
    tags: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    unanswerable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A mean with its 95 % interval over the ``scored`` of ``total`` cases; None where nothing was scored."""

    mean: float | None
    low: float | None
    high: float | None
    scored: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigures:
    """The measures of one case; a measure that does not apply to it is missing."""

    case: LabCase
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFigures:
    """A suite under some settings.

    Attributes:
        chunks: into which the corpus was cut.
        per_case: by measure of ``MEASURES``, float64 (cases,), NaN where it does not apply.
        cases: places in ``Lab.cases`` of the cases that were evaluated.
        latency_ms, cost_usd: predicted for one question, see ``engine.tuning.prediction``.
        seconds: that the evaluation took; ``stages_ms`` where it went.
        exact: whether chunk vectors are those that an index with these settings holds. False: the settings ask for chunks
            embedded one by one, and the view pools them from token vectors.
    """

    settings: PipelineSettings
    chunks: int
    cases: np.ndarray
    per_case: Mapping[str, np.ndarray]
    figures: Mapping[str, Figure]
    latency_ms: float
    cost_usd: float
    seconds: float
    exact: bool
    stages_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """One question under some settings.

    Attributes:
        document: whose chunk borders are drawn: that of the first gold span, else of the best chunk.
        chunks: start and end of that document's chunks.
        retrieved: the chunks handed to context selection, best first.
        quality: None when nothing was retrieved.
        steps: what was done to find and to choose, one line each.
    """

    case: LabCase
    document: str
    text: str
    chunks: tuple[tuple[int, int], ...]
    retrieved: tuple[Ranked, ...]
    parts: tuple[ContextPart, ...]
    tokens: int
    quality: float | None
    answer: str
    figures: CaseFigures
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """B less A over the ``n`` cases that both scored: mean, 95 % interval, and how often B was better, equal, worse."""

    difference: float | None
    low: float | None
    high: float | None
    n: int
    wins: int
    ties: int
    losses: int
