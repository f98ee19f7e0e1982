"""The format of ``datasets/roadmaps/<name>.yaml`` and its errors in words: file, line, field, expected, found."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from engine.errors import FileFormatError
from engine.evaluation.suite_files import explain_error
from engine.roadmap.file_fields import GOAL, STRICT, Id, Number, Text, check_goal_text
from engine.roadmap.readiness_files import (
    ConfidenceEntry,
    MaturityEntry,
    PreviousEntry,
    ReadinessEntry,
    find_readiness_faults,
)
from engine.roadmap.types import Direction
from engine.roadmap.yaml_lines import find_line, read_yaml


class _Strict(BaseModel):
    model_config = STRICT


class EvidenceEntry(_Strict):
    """Where a KPI's value comes from; which fields belong to which type is checked here."""

    type: Literal["run", "bench", "audit", "checklist", "readiness", "none"]
    suites: list[Text] = []
    measure: str = ""
    kinds: list[Literal["qa", "conversation", "content"]] = []
    baseline: Number | None = None
    reason: str = ""
    command: str = ""
    bench: str = ""
    figure: str = ""

    @model_validator(mode="after")
    def _check_type(self) -> EvidenceEntry:
        if self.type == "run" and not (self.suites and self.measure):
            raise ValueError("evidence of type run: expected suites and a measure")
        if self.type != "run" and (self.suites or self.measure or self.kinds or self.baseline is not None):
            raise ValueError(f"evidence of type {self.type}: suites, measure, kinds and baseline belong to type run")
        if (self.type == "bench") != bool(self.bench and self.figure) or bool(self.bench) != bool(self.figure):
            raise ValueError("evidence of type bench: expected bench and figure, which belong to that type alone")
        if self.type in ("checklist", "none") and not self.reason.strip():
            raise ValueError(f"evidence of type {self.type}: expected a reason, the field is missing")
        if self.measure == "processing_time_improvement" and not (self.baseline and self.baseline > 0):
            raise ValueError("processing_time_improvement: expected a baseline in ms above 0")
        return self


class KpiEntry(_Strict):
    """One KPI; its id is its key."""

    title: Text
    unit: Text
    higher_is_better: bool
    description: Text
    evidence: EvidenceEntry


class GoalEntry(_Strict):
    """``goal`` is a direction and a number, or ``done`` for something that a person confirms."""

    kpi: Id
    goal: Text
    text: Text
    source: Text

    @model_validator(mode="after")
    def _check_goal(self) -> GoalEntry:
        check_goal_text(self.goal)
        return self

    @property
    def threshold(self) -> tuple[Direction, float]:
        """Direction and value; ``done`` is at least 1."""
        return read_threshold(self.goal)


def read_threshold(goal: str) -> tuple[Direction, float]:
    """Direction and value of a goal as written; ``done`` is at least 1."""
    match = GOAL.fullmatch(goal)
    if match is None:
        return ">=", 1.0
    sign: Any = match[1]
    return sign, float(match[2])


class ClaimEntry(_Strict):
    """A figure that the document states."""

    kpi: str = ""
    title: Text
    value: Number | None = None
    text: Text
    source: Text


class ChecklistEntry(_Strict):
    """``done`` is whether the document ticks it, ``group`` its heading there, ``kpi`` what measures the same thing."""

    id: Id
    text: Text
    done: bool = False
    group: str = ""
    kpi: str = ""
    source: Text


class SubPhaseEntry(_Strict):
    """A part of a phase."""

    number: Text
    title: Text
    duration: str = ""
    tasks: list[Text]
    claimed: str = ""


class PhaseEntry(_Strict):
    """One phase."""

    number: Annotated[int, Field(ge=1)]
    label: Text
    title: Text
    priority: str = ""
    duration: str = ""
    start: datetime.date | None = None
    end: datetime.date | None = None
    status_claimed: str = ""
    goal_text: Text
    goals: Annotated[list[GoalEntry], Field(min_length=1)]
    claims: list[ClaimEntry] = []
    checklist: list[ChecklistEntry] = []
    sub_phases: list[SubPhaseEntry] = []

    @model_validator(mode="after")
    def _check_dates(self) -> PhaseEntry:
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"end {self.end} must not be before start {self.start}")
        return self


class StatementEntry(_Strict):
    """One side of a contradiction."""

    text: Text
    source: Text


class ContradictionEntry(_Strict):
    """Where the document disagrees with itself."""

    topic: Text
    statements: Annotated[list[StatementEntry], Field(min_length=2)]
    resolution: Text


class RiskEntry(_Strict):
    """A risk."""

    title: Text
    owner: str = ""
    likelihood: str = ""
    impact: str = ""
    mitigation: str = ""
    fallback: str = ""
    contingency: str = ""


class TimelineEntry(_Strict):
    """A bar of the time line."""

    phase: int
    title: Text
    start: datetime.date | None = None
    end: datetime.date | None = None
    duration: str = ""
    day: Number | None = None
    days: Annotated[Number, Field(gt=0)] | None = None


class RoadmapFile(_Strict):
    """A whole roadmap file."""

    name: Id
    title: Text
    document: Text
    date: Text
    summary: Text
    target: Text = "pipeline"
    baselines: list[ClaimEntry] = []
    claims: list[ClaimEntry] = []
    kpis: Annotated[dict[str, KpiEntry], Field(min_length=1)]
    phases: Annotated[list[PhaseEntry], Field(min_length=1)]
    checklist: list[ChecklistEntry] = []
    contradictions: list[ContradictionEntry] = []
    risks: list[RiskEntry] = []
    timeline: list[TimelineEntry] = []
    readiness: ReadinessEntry | None = None
    maturity: MaturityEntry | None = None
    previous: list[PreviousEntry] = []
    confidence: list[ConfidenceEntry] = []


def read_roadmap_file(path: Path) -> RoadmapFile:
    """Reads and checks one file.

    Raises:
        FileFormatError: it is not UTF-8 or not YAML, a field breaks the format, or a name in it points nowhere.
    """
    return check_fields(*read_yaml(path), path)


def check_fields(value: dict[str, Any], lines: dict[str, int], path: Path) -> RoadmapFile:
    """The fields of a file, checked; ``lines`` says where each stands in it.

    Raises:
        FileFormatError: a field breaks the format, or a name in it points nowhere.
    """
    try:
        entry = RoadmapFile.model_validate(value)
    except ValidationError as error:
        field, problem = explain_error(error.errors()[0])
        raise FileFormatError(path, problem, line=find_line(lines, field), field=field or None) from None
    for field, problem in _find_faults(entry, path):
        raise FileFormatError(path, problem, line=find_line(lines, field), field=field)
    return entry


def _find_faults(entry: RoadmapFile, path: Path) -> Iterator[tuple[str, str]]:
    """Field and problem of everything that one field alone cannot show."""
    if entry.name != path.stem:
        yield "name", f"expected {path.stem!r}, as the file is called; found {entry.name!r}"
    yield from _find_measure_faults(entry)
    seen: dict[str, str] = {}
    for field, item in _list_checklist(entry):
        if item.id in seen:
            yield f"{field}.id", f"duplicate id {item.id!r}: {seen[item.id]} already has it"
        seen[item.id] = field
        if item.kpi and item.kpi not in entry.kpis:
            yield f"{field}.kpi", f"expected one of the KPIs {', '.join(entry.kpis)}; found {item.kpi!r}"
        if item.id in entry.kpis and entry.kpis[item.id].evidence.type == "checklist":
            yield f"{field}.id", f"{item.id!r} is the id of a KPI that a person confirms; one tick would count for both"
    for i, phase in enumerate(entry.phases):
        if phase.number != i + 1:
            yield f"phases.{i}.number", f"expected {i + 1}, phases count from 1; found {phase.number}"
        kpis: set[str] = set()
        for j, goal in enumerate(phase.goals):
            field = f"phases.{i}.goals.{j}.kpi"
            if goal.kpi not in entry.kpis:
                yield field, f"expected one of the KPIs {', '.join(entry.kpis)}; found {goal.kpi!r}"
            if goal.kpi in kpis:
                yield field, f"expected one goal per KPI and phase; {goal.kpi!r} has two"
            kpis.add(goal.kpi)
    for i, item in enumerate(entry.timeline):
        if not 1 <= item.phase <= len(entry.phases):
            yield f"timeline.{i}.phase", f"expected 1 to {len(entry.phases)}, found {item.phase}"
    for field, claim in _list_claims(entry):
        if claim.kpi and claim.kpi not in entry.kpis:
            yield f"{field}.kpi", f"expected one of the KPIs {', '.join(entry.kpis)}; found {claim.kpi!r}"
    yield from find_readiness_faults(entry)


def _find_measure_faults(entry: RoadmapFile) -> Iterator[tuple[str, str]]:
    from engine.roadmap.figures import known_figures

    known = known_figures()
    for name, kpi in entry.kpis.items():
        measure = kpi.evidence.measure
        if kpi.evidence.type == "run" and measure not in known:
            yield f"kpis.{name}.evidence.measure", f"expected one of {', '.join(known)}; found {measure!r}"


def _list_checklist(entry: RoadmapFile) -> Iterator[tuple[str, ChecklistEntry]]:
    yield from ((f"checklist.{i}", item) for i, item in enumerate(entry.checklist))
    for i, phase in enumerate(entry.phases):
        yield from ((f"phases.{i}.checklist.{j}", item) for j, item in enumerate(phase.checklist))


def _list_claims(entry: RoadmapFile) -> Iterator[tuple[str, ClaimEntry]]:
    yield from ((f"baselines.{i}", claim) for i, claim in enumerate(entry.baselines))
    yield from ((f"claims.{i}", claim) for i, claim in enumerate(entry.claims))
    for i, phase in enumerate(entry.phases):
        yield from ((f"phases.{i}.claims.{j}", claim) for j, claim in enumerate(phase.claims))
