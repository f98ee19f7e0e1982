"""The SQL behind the table of a run's cases: flags, filters and orders, all of it work of the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

FLAGS = ("failing", "flipped", "slow", "low_quality", "disagreeing", "unlabelled", "labelled")
LOW_QUALITY = 0.5  # a context under it more likely than not does not support the answer
JUDGE_GAP = 0.5  # two judges further apart than this disagree
ORDERS = {
    "position": "position",
    "id": "case_id",
    "kind": "kind",
    "status": "status",
    "severity": "array_position(['error', 'failed', 'unscored', 'passed'], status)",
    "question": "question",
    "tags": "array_to_string(tags, ', ')",
    "context_quality": "context_quality",
    "latency_ms": "latency_ms",
    "ended_at": "ended_at",
    "labels": "labels",
    "measure": "value",
}
_MARKS = """marks AS (
            SELECT quantile_cont(latency_ms, 0.95) AS p95, quantile_cont(context_quality, 0.1) AS p10
            FROM cases WHERE run_id = ?)"""
_VOTED = """voted AS (
            SELECT case_id, count(*) AS labels, bool_or(label = 'right') AS is_right, bool_or(label = 'wrong') AS is_wrong
            FROM labels WHERE run_id = ? GROUP BY case_id)"""
_SPLIT = f"""split AS (
            SELECT DISTINCT case_id, TRUE AS apart FROM scores
            WHERE run_id = ? AND judge IS NOT NULL AND value IS NOT NULL GROUP BY case_id, split_part(measure, '[', 1)
            HAVING count(DISTINCT judge) > 1 AND max(value) - min(value) > {JUDGE_GAP})"""
_OTHER = "other AS (SELECT case_id, status AS earlier FROM cases WHERE run_id = ?)"
_VALUED = "valued AS (SELECT case_id, value FROM scores WHERE run_id = ? AND measure = ? AND status = 'scored')"
_TYPES = {"other": "VARCHAR", "valued": "DOUBLE"}
_FAILING = "c.status IN ('failed', 'error')"
_CONDITIONS = {
    "failing": _FAILING,
    "flipped": "coalesce('unscored' NOT IN (c.status, earlier) AND (c.status = 'passed') <> (earlier = 'passed'), FALSE)",
    "slow": "coalesce(latency_ms > p95, FALSE)",
    "low_quality": f"coalesce(context_quality < p10 OR context_quality < {LOW_QUALITY}, FALSE)",
    "disagreeing": "coalesce(apart, FALSE)"
    f" OR coalesce((c.status = 'passed' AND is_wrong) OR ({_FAILING} AND is_right), FALSE)",
    "unlabelled": "labels IS NULL",
    "labelled": "labels IS NOT NULL",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseQuery:
    """Which cases of a run, in which order, which page of them. What is empty filters nothing.

    Attributes:
        statuses: any of passed, failed, error, unscored.
        search: a part of the id, the question or the answer, whatever the case.
        flags: all of them must hold; see ``FLAGS``.
        against: the run that ``flipped`` compares with; without one no case is flipped.
        measure: its value becomes a column that can be ordered by; ``low`` and ``high`` bound it, both included.
        sort: a key of ``ORDERS``, ``-`` before it for descending. Missing values come last.
        page: from 1. ``page_size`` None gives all rows.
    """

    run_id: str
    statuses: tuple[str, ...] = ()
    kind: str = ""
    tag: str = ""
    search: str = ""
    flags: tuple[str, ...] = ()
    against: str = ""
    measure: str = ""
    low: float | None = None
    high: float | None = None
    sort: str = "severity"
    page: int = 1
    page_size: int | None = 50


def order_cases(sort: str) -> str:
    """The terms of ORDER BY.

    Raises:
        ValueError: a name that is not in ``ORDERS``.
    """
    name = sort.removeprefix("-")
    if name not in ORDERS:
        raise ValueError(f"Cannot order cases by {sort!r}; offered: {', '.join(ORDERS)}.")
    return f"{ORDERS[name]} {'DESC' if sort.startswith('-') else 'ASC'} NULLS LAST, position, case_id"


def select_flagged(
    query: CaseQuery, flags: Iterable[str] = FLAGS, *, materialised: bool = False
) -> tuple[str, list[Any]]:
    """WITH clauses that end in ``flagged``: the cases that pass all filters but the flags, a column for each flag.

    ``slow`` lies above the 95th percentile of the run's latencies; ``low_quality`` under the 10th percentile of its
    context qualities or under 0.5; ``disagreeing`` where a person's label contradicts the verdict or two judges lie
    more than 0.5 apart.

    Args:
        flags: those that are asked for; what only the others need is not read.
    """
    wanted = list(dict.fromkeys(flags))
    conditions, given = _build_conditions(query)
    parts, joins, columns, params = [_VOTED], ["LEFT JOIN voted USING (case_id)"], [], [query.run_id]
    for name, part, join, column, needed, values in (
        ("marks", _MARKS, "CROSS JOIN marks", "", {"slow", "low_quality"}.intersection(wanted), [query.run_id]),
        ("split", _SPLIT, "LEFT JOIN split USING (case_id)", "", "disagreeing" in wanted, [query.run_id]),
        ("other", _OTHER, "LEFT JOIN other USING (case_id)", "earlier", query.against, [query.against]),
        ("valued", _VALUED, "LEFT JOIN valued USING (case_id)", "value", query.measure, [query.run_id, query.measure]),
    ):
        if needed:
            parts.append(part)
            joins.append(join)
            params += values
        if column:
            columns.append(column if needed else f"NULL::{_TYPES[name]} AS {column}")
    columns += [f"{_CONDITIONS[flag]} AS {flag}" for flag in wanted]
    extra = [name for name in ("question",) if query.sort.removeprefix("-") == name]
    shown = ["c.case_id", "position", "kind", "c.status", "tags", "context_quality", "latency_ms", "ended_at", *extra]
    sql = f"""
        WITH {", ".join(parts)},
        flagged AS {"MATERIALIZED " if materialised else ""}(
            SELECT {", ".join([*shown, "coalesce(labels, 0) AS labels", *columns])}
            FROM cases c {" ".join(joins)} WHERE {" AND ".join(conditions)})"""
    return sql, [*params, *given]


def flag_condition(flags: tuple[str, ...]) -> str:
    """What holds where all the flags do.

    Raises:
        ValueError: a name that is not in ``FLAGS``.
    """
    unknown = [flag for flag in flags if flag not in FLAGS]
    if unknown:
        raise ValueError(f"There is no flag {unknown[0]!r}; offered: {', '.join(FLAGS)}.")
    return " AND ".join(flags) or "TRUE"


def _build_conditions(query: CaseQuery) -> tuple[list[str], list[Any]]:
    conditions, given = ["c.run_id = ?"], [query.run_id]
    for condition, value in (
        ("list_contains(?, c.status)", list(query.statuses)),
        ("kind = ?", query.kind),
        ("list_contains(tags, ?)", query.tag),
        ("contains(lower(concat_ws(' ', c.case_id, question, answer)), lower(?))", query.search.strip()),
    ):
        if value:
            conditions.append(condition)
            given.append(value)
    for condition, bound in (("value >= ?", query.low), ("value <= ?", query.high)):
        if bound is not None:
            conditions.append(condition)
            given.append(bound)
    return conditions, given
