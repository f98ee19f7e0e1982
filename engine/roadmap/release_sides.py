"""What "the release before" is: a signature, a day, a tag, a commit or a run, and the evidence that stood then."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import UnknownNameError
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.types import EvidenceRun, Roadmap
from engine.store import DecisionStore, Store
from engine.store.decisions import SignOff

RUNS_LOOKED_AT = 1_000  # of each suite
FEWEST_OF_A_COMMIT = 7  # characters
Kind = Literal["document", "sign_off", "day", "run", "tag", "commit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousSide:
    """The side that the present is held against.

    Attributes:
        label: in words; ``name`` is what was asked for.
        runs: the newest complete run of each suite on that side, by suite.
        signed: goals of a signature's evidence by KPI.
    """

    kind: Kind
    name: str
    label: str
    runs: Mapping[str, EvidenceRun]
    signed: Mapping[str, Mapping[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """What ``readiness --json`` prints under ``against``."""
        runs = {suite: run.run_id for suite, run in self.runs.items()}
        return {"kind": self.kind, "name": self.name or None, "label": self.label, "runs": runs}


def find_previous(roadmap: Roadmap, store: Store, reader: EvidenceReader, against: str = "") -> PreviousSide:
    """The side that ``against`` names; without a name the newest signature that stands over other runs, else the document.

    Args:
        against: id of a signature, a day as 2026-11-20, id of a run, a tag of runs, or a commit; ``document`` for the
            document's own figures.

    Raises:
        UnknownNameError: it is none of these, or no complete run was there then.
    """
    suites = sorted({suite for kpi in roadmap.kpis for suite in kpi.evidence.suites})
    runs = reader.list_complete_runs(suites, RUNS_LOOKED_AT)
    signed = DecisionStore(store).list_sign_offs(roadmap.name)
    if against in ("", "document"):
        found = _find_signed_before(signed, runs) if not against else None
        return _from_sign_off(found, runs) if found else _of_document(roadmap)
    for row in signed:
        if row.sign_off_id == against:
            return _from_sign_off(row, runs)
    return _find_runs(roadmap, store, runs, against, [row.sign_off_id for row in signed])


def list_sides(roadmap: Roadmap, store: Store, reader: EvidenceReader) -> dict[str, str]:
    """What can be held against: signatures and tags, then runs, each with its label."""
    suites = sorted({suite for kpi in roadmap.kpis for suite in kpi.evidence.suites})
    sides = {"document": "The document's figures"}
    for row in DecisionStore(store).list_sign_offs(roadmap.name):
        if row.stands:
            sides[row.sign_off_id] = _name_sign_off(row)
    runs = reader.list_complete_runs(suites, 20)
    ids = [run.run_id for run in runs]
    tags = store.query(
        "SELECT DISTINCT unnest(tags) AS tag FROM run_marks WHERE list_contains(?, run_id) ORDER BY tag", (ids,)
    )
    sides |= {row["tag"]: f"Runs tagged {row['tag']}" for row in tags}
    return sides | {run.run_id: f"Run {run.run_id}" for run in reversed(runs)}


def _find_runs(
    roadmap: Roadmap, store: Store, runs: list[EvidenceRun], against: str, signed: list[str]
) -> PreviousSide:
    day = _read_day(against)
    by_id = [run for run in runs if run.run_id == against]
    if by_id:
        return _side("run", against, f"run {against}", by_id)
    if day is not None:
        end = datetime.datetime.combine(day, datetime.time.max)
        kept = [run for run in runs if run.started_at <= end]
        if kept:
            return _side("day", against, f"the newest runs up to {day}", kept)
    tagged = {
        row["run_id"] for row in store.query("SELECT run_id FROM run_marks WHERE list_contains(tags, ?)", (against,))
    }
    kept = [run for run in runs if run.run_id in tagged]
    if kept:
        return _side("tag", against, f"runs tagged {against}", kept)
    if len(against) >= FEWEST_OF_A_COMMIT:
        sql = "SELECT run_id FROM runs WHERE starts_with(json_extract_string(provenance, '$.commit'), ?)"
        made = {row["run_id"] for row in store.query(sql, (against[:12],))}
        kept = [run for run in runs if run.run_id in made]
        if kept:
            return _side("commit", against, f"runs of commit {against[:12]}", kept)
    known = [*signed, *(run.run_id for run in runs[-5:])]
    hint = (
        "Give a signature's or a run's id, a tag, a commit, a day such as 2026-11-20 with runs before it, or document."
    )
    raise UnknownNameError("earlier release", against, known, hint)


def _side(kind: Kind, name: str, label: str, runs: list[EvidenceRun]) -> PreviousSide:
    newest = {run.suite: run for run in runs}  # oldest first, so the newest of each suite stays
    return PreviousSide(kind=kind, name=name, label=label, runs=newest, signed={})


def _from_sign_off(row: SignOff, runs: list[EvidenceRun]) -> PreviousSide:
    goals = {goal["kpi"]: goal for goal in row.evidence.get("goals", ())}
    ids = {run["run_id"] for run in row.evidence.get("runs", ())}
    kept = {run.suite: run for run in runs if run.run_id in ids}
    return PreviousSide(kind="sign_off", name=row.sign_off_id, label=_name_sign_off(row), runs=kept, signed=goals)


def _of_document(roadmap: Roadmap) -> PreviousSide:
    release = roadmap.previous[0].release if roadmap.previous else "the baseline"
    label = f"{release}, as the document states it"
    return PreviousSide(kind="document", name="", label=label, runs={}, signed={})


def _find_signed_before(signed: list[SignOff], runs: list[EvidenceRun]) -> SignOff | None:
    """The newest signature that stands and rests on other runs than the newest ones."""
    newest = {run.suite: run.run_id for run in runs}
    for row in signed:
        of_then = {run["suite"]: run["run_id"] for run in row.evidence.get("runs", ())}
        if row.stands and any(newest.get(suite) != run_id for suite, run_id in of_then.items()):
            return row
    return None


def _name_sign_off(row: SignOff) -> str:
    return f"phase {row.phase} as {row.who} signed it on {row.signed_at:%Y-%m-%d}"


def _read_day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
