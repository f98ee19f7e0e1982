"""Validations as a screen shows them: what can be started, one at work or ended, and those before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import PhasegateError
from engine.operations.launching import log_path, read_log_tail
from engine.roadmap.gates import find_phase
from engine.roadmap.roadmaps import load_roadmap
from engine.store import Store
from engine.store.liveness import utc_now
from engine.store.validations import ValidationStore
from engine.validation.registry import PARTS
from engine.views.phases import phase_name
from engine.views.progress import Counted, read_resumed_status, starting_status
from engine.views.run_states import STATE_MARKS, STATE_WORDS
from engine.views.words import clock, duration, in_zone, plural

MEDIA_TYPES = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".md": "text/markdown",
    ".json": "application/json",
    ".csv": "text/csv",
    ".xml": "application/xml",
}
VERDICT_CELLS = {"pass": "✔ pass", "fail": "✘ fail", "no_data": "○ no data", None: ""}
VERDICT_SENTENCES = {
    "pass": "Everything that this phase needs has passed.",
    "fail": "Something that this phase needs has failed.",
    "no_data": "Nothing has failed, but something that this phase needs has no data.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChoice:
    """A part that can be started: what it does, and whether the phase needs it."""

    name: str
    title: str
    summary: str
    not_needed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """One part of a validation. ``status`` is waiting, running, finished, interrupted or failed."""

    name: str
    title: str
    status: str
    required: bool
    verdict: str
    reason: str
    seconds: str
    message: str
    fraction: float
    counted: str
    steps: tuple[tuple[str, str], ...]
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDownload:
    """A file of the report that is still there."""

    name: str
    path: Path
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationView(Counted):
    """One validation; ``done`` and ``total`` count its parts. ``lost`` names report files that are gone."""

    validation_id: str
    roadmap: str
    title: str
    phase: int
    status: str
    verdict: str
    sentence: str
    words: str
    parts: tuple[PartLine, ...]
    done: int
    total: int
    files: tuple[ReportDownload, ...]
    lost: tuple[str, ...]
    error: str
    log: str
    pid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationLine:
    """One validation of the list."""

    validation_id: str
    cells: Mapping[str, Any]


def load_part_choices(roadmap_name: str, phase: int) -> tuple[PartChoice, ...]:
    """The parts in their order, and which of them the phase does not need."""
    roadmap = load_roadmap(roadmap_name)
    chosen = find_phase(roadmap, phase)
    return tuple(
        PartChoice(name=part.name, title=part.title, summary=part.summary, not_needed=part.applies(roadmap, chosen))
        for part in PARTS.values()
    )


def load_validation_view(store: Store, validation_id: str) -> ValidationView:
    """A validation from its row; one whose process has not yet written it is ``starting``."""
    rows = store.query("SELECT * FROM validations WHERE validation_id = ?", [validation_id])
    row: dict[str, Any] = rows[0] if rows else {}
    status = read_resumed_status(row, validation_id) if row else starting_status(validation_id)
    parts = tuple(_line(part, status) for part in row.get("parts") or ())
    listed = [Path(path) for path in (row.get("report") or {}).get("files", ())]
    verdict = row.get("verdict") or ""
    return ValidationView(
        validation_id=validation_id,
        roadmap=row.get("roadmap", ""),
        title=_name(row) if row else "A validation",
        phase=int(row.get("phase") or 0),
        status=status,
        verdict=verdict,
        sentence=VERDICT_SENTENCES.get(verdict, ""),
        words=_tell(row, parts),
        parts=parts,
        done=sum(part.status in ("finished", "failed") for part in parts),
        total=len(parts),
        files=tuple(
            ReportDownload(name=p.name, path=p, media_type=MEDIA_TYPES.get(p.suffix, "text/plain"))
            for p in listed
            if p.is_file()
        ),
        lost=tuple(path.name for path in listed if not path.is_file()),
        error=row.get("error") or "",
        log=read_log_tail(log_path(validation_id)) if status in ("failed", "starting") else "",
        pid=row.get("pid"),
    )


def load_validations(store: Store, zone: str | None = None) -> tuple[ValidationLine, ...]:
    """The newest validations."""
    return tuple(
        ValidationLine(validation_id=row["validation_id"], cells=_cells(row, zone))
        for row in ValidationStore(store).list_validations()
    )


def _line(part: Mapping[str, Any], status: str) -> PartLine:
    own = "interrupted" if part["status"] == "running" and status not in ("running", "starting") else part["status"]
    return PartLine(
        name=part["name"],
        title=part["title"],
        status=own,
        required=part["required"],
        verdict=part["verdict"],
        reason=part["reason"],
        seconds=duration(part["seconds"]) if own in ("finished", "failed") else "",
        message=part["message"],
        fraction=min(1.0, part["done"] / part["total"]) if part["total"] else 0.0,
        counted=plural(len(part["steps"]), "check"),
        steps=tuple((step["verdict"], step["text"]) for step in part["steps"]),
        runs=tuple(part["runs"]),
    )


def _name(row: Mapping[str, Any]) -> str:
    """Roadmap and phase; by their names alone when the roadmap's file is gone."""
    try:
        roadmap = load_roadmap(row["roadmap"])
        return f"{roadmap.title}, {phase_name(find_phase(roadmap, row['phase']))}"
    except PhasegateError:
        return f"{row['roadmap']}, phase {row['phase']}"


def _tell(row: Mapping[str, Any], parts: tuple[PartLine, ...]) -> str:
    if not row:
        return "Starting: opening the store …"
    ended = sum(part.status in ("finished", "failed") for part in parts)
    until = row["ended_at"] or utc_now()
    spent = duration(max(0.0, (until - row["started_at"]).total_seconds()))
    return f"{ended} of {len(parts)} parts after {spent}, begun {clock(row['started_at'])} UTC"


def _cells(row: Mapping[str, Any], zone: str | None) -> dict[str, Any]:
    counted = [part for part in row["parts"] if part["required"]]
    passed = sum(part["verdict"] == "pass" for part in counted)
    return {
        "phase": _name(row),
        "verdict": VERDICT_CELLS.get(row["verdict"], ""),
        "state": f"{STATE_MARKS.get(row['status'], '')} {STATE_WORDS.get(row['status'], row['status'])}",
        "parts": f"{passed} of {len(counted)} passed",
        "started": in_zone(row["started_at"], zone),
        "validation": row["validation_id"],
    }
