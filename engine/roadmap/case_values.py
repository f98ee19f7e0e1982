"""The values behind a figure, picked by the database: one list for each run, nothing else of its cases."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.roadmap.figures import find_figure
from engine.roadmap.types import Evidence, EvidenceRun

RUN_KINDS = ("qa", "conversation", "content")  # what a run scores; drills run the other kinds
AT_ONCE = 200_000  # cases that one statement may read
_Key = tuple[str, str, tuple[str, ...]]


class ReadsStore(Protocol):
    """What is needed of ``engine.store.Store``."""

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of one SELECT."""


@dataclass(frozen=True, slots=True)
class Values:
    """Values of the scored cases in suite order (of a rate: its ones, then its zeros).

    ``total`` counts the cases that should have one, ``found`` all that are there.
    """

    values: array[float] = field(default_factory=lambda: array("d"))
    total: int = 0
    found: int = 0


class CaseValues:
    """Reads values of runs and keeps them, so each is read once for a whole roadmap and its history."""

    def __init__(self, store: ReadsStore) -> None:
        self._store = store
        self._kept: dict[tuple[str, _Key], Values] = {}

    def pool(self, evidence: Evidence, runs: Sequence[EvidenceRun]) -> Values:
        """The values of all these runs, one run after the other."""
        self.load(evidence, runs)
        key = _key(evidence)
        kept = [self._kept[run.run_id, key] for run in runs]
        if len(kept) == 1:
            return kept[0]
        joined = array("d")
        for one in kept:
            joined.extend(one.values)
        return Values(joined, sum(one.total for one in kept), sum(one.found for one in kept))

    def load(self, evidence: Evidence, runs: Sequence[EvidenceRun]) -> None:
        """Fetch what is not at hand yet."""
        key = _key(evidence)
        missing = {run.run_id: run for run in runs if (run.run_id, key) not in self._kept}
        for batch in _batches(list(missing.values())):
            ids = [run.run_id for run in batch]
            sql, params = _build_query(evidence, ids)
            rows = {row["run_id"]: row for row in self._store.query(sql, params)}
            for run_id in ids:
                row = rows.get(run_id)
                values = array("d") if row is None else _read_values(row)
                self._kept[run_id, key] = Values(values, row["total"], row["found"]) if row else Values()


def _key(evidence: Evidence) -> _Key:
    figure = find_figure(evidence.measure)
    return (f"{figure.kind == 'rate'} {figure.value} {figure.applies}", figure.measure, evidence.kinds or RUN_KINDS)


def _batches(runs: Sequence[EvidenceRun]) -> Iterator[list[EvidenceRun]]:
    batch: list[EvidenceRun] = []
    for run in runs:
        if batch and sum(one.cases for one in batch) + run.cases > AT_ONCE:
            yield batch
            batch = []
        batch.append(run)
    if batch:
        yield batch


def _build_query(evidence: Evidence, run_ids: Sequence[str]) -> tuple[str, list[Any]]:
    figure = find_figure(evidence.measure)
    marks = ", ".join("?" * len(run_ids))
    if figure.kind == "rate":
        picked = "count(value) FILTER (WHERE applies) AS n, coalesce(sum(value) FILTER (WHERE applies), 0) AS ones"
    else:
        picked = "list(value ORDER BY position) FILTER (WHERE applies AND value IS NOT NULL) AS values"
    if figure.measure:
        source = (
            f"scores s JOIN cases c USING (run_id, case_id) WHERE s.run_id IN ({marks}) AND s.measure = ?"
            " AND s.status <> 'not_applicable' AND "
        )
        params: list[Any] = [*run_ids, figure.measure]
    else:
        source, params = "cases c WHERE ", []
    source += f"c.run_id IN ({marks}) AND list_contains(?, c.kind)"
    sql = (
        f"SELECT run_id, count(*) AS found, count_if(applies) AS total, {picked} FROM ("
        f"SELECT c.run_id, c.position, {figure.value} AS value, {figure.applies} AS applies FROM {source})"
        " GROUP BY run_id"
    )
    return sql, [*params, *run_ids, list(evidence.kinds or RUN_KINDS)]


def _read_values(row: dict[str, Any]) -> array[float]:
    if "ones" not in row:
        return array("d", row["values"] or ())
    ones = int(row["ones"])
    return array("d", [1.0]) * ones + array("d", [0.0]) * (int(row["n"]) - ones)
