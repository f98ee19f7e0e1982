"""What a plan says of readiness: weighed items, maturity, the release before, confidence by week. All frozen.

What the document claims stands here; what was measured is in ``readiness``, ``maturity``, ``releases`` and ``confidence``.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.roadmap.plan import Goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One piece of evidence that an item or a dimension rests on; exactly one of the three kinds.

    Attributes:
        kpi: a KPI, held against the goal of ``phase``, or against ``goal`` where the item sets its own.
        checklist: id of an item that a person ticks with a link.
        corpus, document, rows: rows of a table that an ingested corpus must hold at least.
    """

    kpi: str = ""
    phase: int | None = None
    goal: Goal | None = None
    checklist: str = ""
    corpus: str = ""
    document: str = ""
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreItem:
    """One item of the score. Its ``points`` are earned whole, when all of its proofs are met, or not at all."""

    id: str
    title: str
    group: str
    points: float
    proofs: tuple[Proof, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessPlan:
    """Groups with their weights, which add up to 100, and the items in them.

    Attributes:
        titles: of the groups, where they differ from their ids.
        waivers_earn: whether a waived goal earns its points.
        stated: whether the document weighs them; otherwise every goal of the plan counts the same.
    """

    weights: tuple[tuple[str, float], ...]
    titles: tuple[tuple[str, str], ...]
    items: tuple[ScoreItem, ...]
    waivers_earn: bool
    stated: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One row of the maturity matrix: the document's levels before and after, and what a level is measured by."""

    id: str
    title: str
    before: str
    after: str
    note: str
    proofs: tuple[Proof, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityPlan:
    """The matrix. ``levels`` go from the lowest to the highest, ``grade`` is the document's own, as written."""

    levels: tuple[str, ...]
    before_label: str
    after_label: str
    grade: str
    grade_source: str
    dimensions: tuple[Dimension, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousValue:
    """What the document says of a KPI in the release before; ``value`` is None where it gives no figure."""

    kpi: str
    release: str
    value: float | None
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedConfidence:
    """How sure the team is to be after a week of the plan. ``start`` is its first day where the plan has dates."""

    week: int
    label: str
    planned: float
    start: datetime.date | None
    source: str
