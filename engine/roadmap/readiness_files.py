"""The fields ``readiness``, ``maturity``, ``previous`` and ``confidence`` of a roadmap file, and what may go wrong in them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field, model_validator

from engine.roadmap.file_fields import STRICT, Id, Number, Text, check_goal_text

if TYPE_CHECKING:
    from engine.roadmap.roadmap_files import RoadmapFile

TOTAL = 100
Fault = tuple[str, str]


class _Strict(BaseModel):
    model_config = STRICT


class ProofEntry(_Strict):
    """A KPI held against a goal, a tick, or rows of a table in a corpus."""

    kpi: str = ""
    phase: Annotated[int, Field(ge=1)] | None = None
    goal: str = ""
    checklist: str = ""
    corpus: str = ""
    document: str = ""
    rows: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> ProofEntry:
        table = bool(self.corpus and self.document and self.rows)
        if (
            bool(self.kpi) + bool(self.checklist) + table != 1
            or bool(self.corpus or self.document or self.rows) != table
        ):
            raise ValueError(
                "evidence: expected a kpi, a checklist, or corpus with document and rows; one of the three"
            )
        if (self.phase or self.goal) and not self.kpi:
            raise ValueError("evidence: phase and goal belong to a kpi")
        if self.phase and self.goal:
            raise ValueError("evidence: expected the goal of a phase or one of its own, found both")
        if self.goal:
            check_goal_text(self.goal)
        return self


class ItemEntry(_Strict):
    """One item of the score."""

    id: Id
    title: Text
    group: Id
    points: Annotated[Number, Field(gt=0)] | None = None
    evidence: Annotated[list[ProofEntry], Field(min_length=1)]
    source: Text


class ReadinessEntry(_Strict):
    """Weights and items."""

    weights: Annotated[dict[str, Number], Field(min_length=1)]
    titles: dict[str, Text] = {}
    waivers_earn: bool = False
    items: Annotated[list[ItemEntry], Field(min_length=1)]
    source: Text

    def share_points(self) -> list[float]:
        """Points of each item: its own, or an equal share of what its group has left."""
        shared: list[float] = []
        for item in self.items:
            of_group = [other for other in self.items if other.group == item.group]
            stated = sum(other.points or 0 for other in of_group)
            open_ = sum(other.points is None for other in of_group)
            shared.append(
                float(item.points if item.points is not None else (self.weights[item.group] - stated) / open_)
            )
        return shared


class DimensionEntry(_Strict):
    """One row of the maturity matrix."""

    dimension: Id
    title: Text
    before: str = ""
    after: str = ""
    note: str = ""
    evidence: list[ProofEntry] = []
    source: Text


class MaturityEntry(_Strict):
    """The maturity matrix."""

    levels: Annotated[list[Text], Field(min_length=2)]
    before: Text = "before"
    after: Text = "after"
    grade: str = ""
    grade_source: str = ""
    dimensions: Annotated[list[DimensionEntry], Field(min_length=1)]


class PreviousEntry(_Strict):
    """A KPI in the release before."""

    kpi: Id
    release: Text
    value: Number | None = None
    text: Text
    source: Text


class ConfidenceEntry(_Strict):
    """How sure the team is to be after a week."""

    week: Annotated[int, Field(ge=1)]
    label: Text
    planned: Annotated[Number, Field(ge=0, le=1)]
    start: datetime.date | None = None
    source: Text


def find_readiness_faults(entry: RoadmapFile) -> Iterator[Fault]:
    """Field and problem of everything in these fields that one field alone cannot show."""
    if entry.readiness is not None:
        yield from _find_weight_faults(entry.readiness)
        yield from _find_twice("readiness.items", "id", [item.id for item in entry.readiness.items])
        for i, item in enumerate(entry.readiness.items):
            yield from _find_proof_faults(entry, f"readiness.items.{i}.evidence", item.evidence)
    if entry.maturity is not None:
        yield from _find_maturity_faults(entry, entry.maturity)
    yield from _find_twice("previous", "kpi", [row.kpi for row in entry.previous])
    for i, row in enumerate(entry.previous):
        if row.kpi not in entry.kpis:
            yield f"previous.{i}.kpi", f"expected one of the KPIs {', '.join(entry.kpis)}; found {row.kpi!r}"
    for i, week in enumerate(entry.confidence):
        if week.week != i + 1:
            yield f"confidence.{i}.week", f"expected {i + 1}, weeks count from 1; found {week.week}"


def _find_weight_faults(entry: ReadinessEntry) -> Iterator[Fault]:
    for name in entry.weights:
        if entry.weights[name] <= 0:
            yield f"readiness.weights.{name}", f"expected a weight above 0, found {entry.weights[name]:g}"
        if all(item.group != name for item in entry.items):
            yield f"readiness.weights.{name}", f"no item is in the group {name!r}, so its points could never be earned"
    total = sum(entry.weights.values())
    if not math.isclose(total, TOTAL):
        yield "readiness.weights", f"expected weights that add up to {TOTAL}, found {total:g}"
    for name in entry.titles:
        if name not in entry.weights:
            yield f"readiness.titles.{name}", f"expected one of the groups {', '.join(entry.weights)}; found {name!r}"
    for i, item in enumerate(entry.items):
        if item.group not in entry.weights:
            known = ", ".join(entry.weights)
            yield f"readiness.items.{i}.group", f"expected one of the groups {known}; found {item.group!r}"
    for name, weight in entry.weights.items():
        of_group = [item for item in entry.items if item.group == name]
        stated = sum(item.points or 0 for item in of_group)
        all_stated = all(item.points is not None for item in of_group)
        if of_group and (not math.isclose(stated, weight) if all_stated else stated >= weight):
            words = "expected points that add up to" if all_stated else "expected stated points below"
            yield f"readiness.weights.{name}", f"{words} the weight {weight:g} of the group, found {stated:g}"


def _find_maturity_faults(entry: RoadmapFile, maturity: MaturityEntry) -> Iterator[Fault]:
    yield from _find_twice("maturity.levels", "", maturity.levels)
    yield from _find_twice("maturity.dimensions", "dimension", [row.dimension for row in maturity.dimensions])
    for i, row in enumerate(maturity.dimensions):
        for side in ("before", "after"):
            level = getattr(row, side)
            if level and level not in maturity.levels:
                known = ", ".join(maturity.levels)
                yield f"maturity.dimensions.{i}.{side}", f"expected one of the levels {known}; found {level!r}"
        yield from _find_proof_faults(entry, f"maturity.dimensions.{i}.evidence", row.evidence)


def _find_proof_faults(entry: RoadmapFile, place: str, proofs: Sequence[ProofEntry]) -> Iterator[Fault]:
    items = {item.id for item in entry.checklist} | {item.id for phase in entry.phases for item in phase.checklist}
    phases: Mapping[int, set[str]] = {phase.number: {goal.kpi for goal in phase.goals} for phase in entry.phases}
    for i, proof in enumerate(proofs):
        field = f"{place}.{i}"
        if proof.checklist and proof.checklist not in items:
            yield f"{field}.checklist", f"expected the id of a checklist item, found {proof.checklist!r}"
        if not proof.kpi:
            continue
        if proof.kpi not in entry.kpis:
            yield f"{field}.kpi", f"expected one of the KPIs {', '.join(entry.kpis)}; found {proof.kpi!r}"
        elif entry.kpis[proof.kpi].evidence.type == "readiness":
            yield f"{field}.kpi", f"{proof.kpi!r} is the score itself, which cannot rest on itself"
        if proof.goal:
            continue
        if proof.phase is not None and proof.kpi not in phases.get(proof.phase, set()):
            yield f"{field}.phase", f"phase {proof.phase} sets no goal for {proof.kpi!r}"
        if proof.phase is None and not any(proof.kpi in goals for goals in phases.values()):
            yield f"{field}.kpi", f"no phase sets a goal for {proof.kpi!r}; give the evidence a goal of its own"


def _find_twice(place: str, name: str, ids: Sequence[str]) -> Iterator[Fault]:
    for i, found in enumerate(ids):
        if found in ids[:i]:
            yield f"{place}.{i}.{name}".rstrip("."), f"expected it once, found {found!r} twice"
