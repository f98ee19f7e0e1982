"""Roadmaps: the shipped ones, the words of five documents, and those of the home folder, which come first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from engine.errors import UnknownNameError
from engine.roadmap.readiness_building import build_maturity, build_readiness
from engine.roadmap.readiness_plan import PlannedConfidence, PreviousValue
from engine.roadmap.roadmap_files import (
    ChecklistEntry,
    ClaimEntry,
    EvidenceEntry,
    KpiEntry,
    PhaseEntry,
    RoadmapFile,
    read_roadmap_file,
)
from engine.roadmap.types import (
    ChecklistItem,
    Claim,
    Contradiction,
    Evidence,
    Goal,
    Kpi,
    Phase,
    Risk,
    Roadmap,
    Statement,
    SubPhase,
    TimelineItem,
)
from engine.settings import DATASETS, home
from engine.written_paths import find_written_path

SUFFIXES = (".yaml", ".yml")


def home_roadmaps() -> Path:
    """Where roadmaps of one's own live, and edited copies of shipped ones."""
    return home() / "roadmaps"


def list_roadmap_names(root: Path = DATASETS) -> list[str]:
    """Names of the roadmaps, sorted: the shipped ones and those of the home folder."""
    return sorted({*list_shipped_names(root), *_names_in(home_roadmaps())})


def list_shipped_names(root: Path = DATASETS) -> list[str]:
    """Names of the roadmaps that come with Phasegate, sorted."""
    return sorted(_names_in(root / "roadmaps"))


def find_home_file(name: str) -> Path | None:
    """The file of the home folder that holds this roadmap; None when it stands as it was shipped, or nowhere."""
    return _file_in(home_roadmaps(), name)


def find_shipped_file(name: str, root: Path = DATASETS) -> Path | None:
    """The shipped file of this roadmap; None for one of one's own."""
    return _file_in(root / "roadmaps", name)


def list_roadmaps(root: Path = DATASETS) -> tuple[Roadmap, ...]:
    """Every roadmap, by name.

    Raises:
        FileFormatError: a file breaks the format.
    """
    return tuple(load_roadmap(name, root) for name in list_roadmap_names(root))


def load_roadmap(name_or_path: str | Path, root: Path = DATASETS) -> Roadmap:
    """A roadmap by name, or a roadmap file anywhere. The home folder's copy of a shipped one takes its place.

    Raises:
        UnknownNameError: neither; lists the known roadmaps.
        FileFormatError: the file breaks the format; names the file, the line and the field.
    """
    path = _find_file(name_or_path, root)
    return _load(path, path.stat().st_mtime_ns)


def _find_file(name_or_path: str | Path, root: Path) -> Path:
    named = find_home_file(str(name_or_path)) or find_shipped_file(str(name_or_path), root)
    if named is not None:
        return named
    path = find_written_path(name_or_path)
    if path is not None and path.suffix in SUFFIXES and path.is_file():
        return path.resolve()
    known = list_roadmap_names(root)
    raise UnknownNameError("roadmap", str(name_or_path), known, "Give one of these names or a roadmap's .yaml file.")


def _names_in(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*") if path.suffix in SUFFIXES and not path.name.startswith(".")}


def _file_in(folder: Path, name: str) -> Path | None:
    if name not in _names_in(folder):
        return None
    return next(path for path in (folder / f"{name}{suffix}" for suffix in SUFFIXES) if path.is_file()).resolve()


@lru_cache(maxsize=32)
def _load(path: Path, modified: int) -> Roadmap:  # modified is in the key, so that a saved change is read
    return build_roadmap(read_roadmap_file(path))


def build_roadmap(entry: RoadmapFile) -> Roadmap:
    """A roadmap from a checked file."""
    return Roadmap(
        name=entry.name,
        title=entry.title,
        document=entry.document,
        date=entry.date,
        summary=entry.summary.strip(),
        target=entry.target,
        baselines=_build_claims(entry.baselines),
        claims=_build_claims(entry.claims),
        kpis=tuple(_build_kpi(name, kpi) for name, kpi in entry.kpis.items()),
        phases=tuple(_build_phase(phase) for phase in entry.phases),
        checklist=_build_checklist(entry.checklist),
        contradictions=tuple(
            Contradiction(
                topic=c.topic,
                statements=tuple(Statement(text=s.text, source=s.source) for s in c.statements),
                resolution=c.resolution.strip(),
            )
            for c in entry.contradictions
        ),
        risks=tuple(Risk(**risk.model_dump()) for risk in entry.risks),
        timeline=tuple(TimelineItem(**item.model_dump()) for item in entry.timeline),
        readiness=build_readiness(entry.readiness),
        maturity=build_maturity(entry.maturity),
        previous=tuple(PreviousValue(**row.model_dump()) for row in entry.previous),
        confidence=tuple(PlannedConfidence(**week.model_dump()) for week in entry.confidence),
    )


def _build_kpi(name: str, entry: KpiEntry) -> Kpi:
    return Kpi(
        id=name,
        title=entry.title,
        unit=entry.unit,
        higher_is_better=entry.higher_is_better,
        description=entry.description.strip(),
        evidence=_build_evidence(entry.evidence),
    )


def _build_evidence(entry: EvidenceEntry) -> Evidence:
    return Evidence(
        kind=entry.type,
        suites=tuple(entry.suites),
        measure=entry.measure,
        kinds=tuple(entry.kinds),
        baseline=None if entry.baseline is None else float(entry.baseline),
        reason=entry.reason.strip(),
        command=entry.command,
        bench=entry.bench,
        figure=entry.figure,
    )


def _build_phase(entry: PhaseEntry) -> Phase:
    return Phase(
        number=entry.number,
        label=entry.label,
        title=entry.title,
        priority=entry.priority,
        duration=entry.duration,
        start=entry.start,
        end=entry.end,
        status_claimed=entry.status_claimed,
        goal_text=entry.goal_text.strip(),
        goals=tuple(
            Goal(kpi=g.kpi, direction=g.threshold[0], value=g.threshold[1], text=g.text, source=g.source)
            for g in entry.goals
        ),
        claims=_build_claims(entry.claims),
        checklist=_build_checklist(entry.checklist),
        sub_phases=tuple(
            SubPhase(number=s.number, title=s.title, duration=s.duration, tasks=tuple(s.tasks), claimed=s.claimed)
            for s in entry.sub_phases
        ),
    )


def _build_claims(entries: Sequence[ClaimEntry]) -> tuple[Claim, ...]:
    return tuple(
        Claim(
            kpi=c.kpi,
            title=c.title,
            value=None if c.value is None else float(c.value),
            text=c.text,
            source=c.source,
        )
        for c in entries
    )


def _build_checklist(entries: Sequence[ChecklistEntry]) -> tuple[ChecklistItem, ...]:
    return tuple(
        ChecklistItem(id=c.id, text=c.text, done_in_document=c.done, source=c.source, group=c.group, kpi=c.kpi)
        for c in entries
    )
