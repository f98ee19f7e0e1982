"""What stands around a case: its neighbours in the list, what people say of it, the same case in another run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.store import Store
from engine.store.cases import CaseQuery, find_neighbours
from engine.store.labels import LabelStore
from engine.views.case_filter import CaseFilter
from engine.views.differences import Difference, find_differences
from engine.views.words import clock, count, decimal, milliseconds, sentence_list

LABEL_WORDS = {"right": "Right", "wrong": "Wrong", "unsure": "Unsure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a case stands: ``words`` such as ``3 of 127 failing``; ``previous`` and ``next`` are ids."""

    words: str
    inside: bool
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLine:
    """What one person says of the case, and when."""

    author: str
    label: str
    note: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two runs of a comparison, in words."""

    run_id: str
    status: str
    answer: str
    quality: str
    latency: str
    failed_checks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCase:
    """The same case in two runs.

    Attributes:
        flipped: it passes in one of them alone.
        same_answer: word for word.
        differences: what stands here (``answer``) and there (``reference``); empty for answers too unlike.
    """

    here: Side
    there: Side
    flipped: bool
    same_answer: bool
    differences: tuple[Difference, ...]


def find_place(store: Store, query: CaseQuery, case_id: str, chosen: CaseFilter) -> Place | None:
    """The neighbours of a case in the list of the filter; None when the run has no such case."""
    found = find_neighbours(store, query, case_id)
    if found is None:
        return None
    name = f" {chosen.words}" if chosen.chosen else ""
    words = f"{count(found.number)} of {count(found.total)}{name}"
    if not found.inside:
        words = f"no longer among the {count(found.total)}{name}"
    return Place(words=words, inside=found.inside, previous=found.previous, next=found.next)


def load_labels(store: Store, run_id: str, case_id: str, zone: str | None) -> tuple[LabelLine, ...]:
    """Everybody's label of a case, oldest first."""
    return tuple(
        LabelLine(author=row["author"], label=row["label"], note=row["note"], when=clock(row["labelled_at"], zone))
        for row in LabelStore(store).labels_of(run_id, case_id)
    )


def load_earlier(store: Store, against: str, row: Mapping[str, Any]) -> EarlierCase | None:
    """The same case in the run compared with; None without such a run or case."""
    rows = store.query(
        "SELECT run_id, status, answer, context_quality, latency_ms, checks FROM cases"
        " WHERE run_id = ? AND case_id = ?",
        (against, row["case_id"]),
    )
    if not rows:
        return None
    there = rows[0]
    judged = "unscored" not in (row["status"], there["status"])
    return EarlierCase(
        here=_describe(row),
        there=_describe(there),
        flipped=judged and (row["status"] == "passed") != (there["status"] == "passed"),
        same_answer=row["answer"] == there["answer"],
        differences=find_differences(row["answer"] or "", (there["answer"] or "",)),
    )


def _describe(row: Mapping[str, Any]) -> Side:
    failed = (name.replace("_", " ") for name, ok in row["checks"].items() if not ok)
    return Side(
        run_id=row["run_id"],
        status=row["status"],
        answer=row["answer"] or "",
        quality=decimal(row["context_quality"]),
        latency=milliseconds(row["latency_ms"]),
        failed_checks=sentence_list(failed),
    )
