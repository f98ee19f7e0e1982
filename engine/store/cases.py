"""The cases of a run: one page of them, how many carry each flag, what stands before and after one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.store.case_queries import FLAGS, ORDERS, CaseQuery, flag_condition, order_cases, select_flagged
from engine.store.run_queries import case_object
from engine.store.store import Store

__all__ = [
    "FLAGS", "ORDERS", "CaseObjects", "CasePage", "CaseQuery", "Neighbours", "find_against", "find_cases",
    "find_neighbours", "list_case_ids", "list_kinds", "load_case_objects",
]  # fmt: skip
CaseObjects = list[dict[str, Any]]
_COUNTS = ", ".join(f"count(*) FILTER (WHERE {flag}) AS {flag}" for flag in FLAGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """One page of cases.

    Attributes:
        rows: position, case_id, kind, status, question (its first 300 characters), tags, checks, context_quality,
            latency_ms, place, value (of the query's measure), earlier (status in the run compared with) and labels
            (``[{author, label}]``).
        total: cases that the whole query finds.
        flags: flag to how many cases carry it, among those that pass the other filters.
    """

    rows: tuple[Mapping[str, Any], ...]
    total: int
    flags: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Where a case stands in the list. ``inside`` is false for a case that the filter no longer finds.

    ``number`` counts from 1; of a case outside it is the number that it would have. ``total`` leaves it out then.
    """

    number: int
    total: int
    inside: bool
    previous: str | None
    next: str | None


def find_cases(store: Store, query: CaseQuery) -> CasePage:
    """The page that the query asks for, with the counts.

    Raises:
        ValueError: a flag or an order that is not offered.
    """
    sql, params = select_flagged(query, materialised=True)
    terms, size, hits = order_cases(query.sort), query.page_size, flag_condition(query.flags)
    rows = store.query(
        f"""{sql},
        counts AS (SELECT {_COUNTS}, count(*) FILTER (WHERE {hits}) AS total FROM flagged),
        page AS (SELECT case_id, earlier, value, row_number() OVER (ORDER BY {terms}) AS place
                 FROM flagged WHERE {hits} ORDER BY {terms} LIMIT ? OFFSET ?),
        said AS (SELECT case_id, list({{author: author, label: label}} ORDER BY labelled_at, author) AS labels
                 FROM labels WHERE run_id = ? GROUP BY case_id),
        shown AS (
            SELECT position, case_id, kind, status, left(question, 300) AS question, tags, checks, context_quality,
                   latency_ms, value, earlier, coalesce(said.labels, []) AS labels, place
            FROM page JOIN cases USING (case_id) LEFT JOIN said USING (case_id) WHERE run_id = ?)
        SELECT shown.*, {{{", ".join(f"{flag}: counts.{flag}" for flag in FLAGS)}}} AS flags, total
        FROM counts LEFT JOIN shown ON TRUE ORDER BY place""",
        (*params, size, (max(1, query.page) - 1) * (size or 0), query.run_id, query.run_id),
    )
    return CasePage(
        rows=tuple(row for row in rows if row["case_id"] is not None),
        total=int(rows[0]["total"]),
        flags={flag: int(rows[0]["flags"][flag]) for flag in FLAGS},
    )


def list_case_ids(store: Store, query: CaseQuery) -> list[str]:
    """The ids of all cases that the query finds, in its order, whatever its page."""
    sql, params = select_flagged(query, query.flags)
    rows = store.query(
        f"{sql} SELECT case_id FROM flagged WHERE {flag_condition(query.flags)} ORDER BY {order_cases(query.sort)}",
        params,
    )
    return [row["case_id"] for row in rows]


def list_kinds(store: Store, run_id: str) -> tuple[str, ...]:
    """The kinds of case that a run has, sorted."""
    rows = store.query("SELECT DISTINCT kind FROM cases WHERE run_id = ? ORDER BY kind", (run_id,))
    return tuple(row["kind"] for row in rows)


def find_neighbours(store: Store, query: CaseQuery, case_id: str) -> Neighbours | None:
    """What stands before and after a case in the query's order; None when the run has no such case.

    A case that the filter no longer finds, since it was labelled just now, keeps its place in the order.
    """
    inside = flag_condition(query.flags)
    terms = order_cases(query.sort)
    # What the flags leave out is filtered; what the other filters leave out has to be fetched for this one case.
    sql, params = select_flagged(query, query.flags)
    all_cases = CaseQuery(run_id=query.run_id, against=query.against, measure=query.measure, sort=query.sort)
    whole, more = select_flagged(all_cases, query.flags)
    rows = store.query(
        f"""SELECT * FROM (
            WITH found AS (SELECT * EXCLUDE (hits) FROM (
                {sql} SELECT *, ({inside}) AS hits FROM flagged) WHERE hits),
            kept AS (
                SELECT *, TRUE AS inside FROM found UNION ALL
                SELECT *, FALSE AS inside FROM ({whole} SELECT * FROM flagged WHERE case_id = ?)
                WHERE case_id NOT IN (SELECT case_id FROM found))
            SELECT case_id, inside, row_number() OVER w AS number, lag(case_id) OVER w AS previous,
                   lead(case_id) OVER w AS next, count_if(inside) OVER () AS total
            FROM kept WINDOW w AS (ORDER BY {terms})) WHERE case_id = ?""",
        (*params, *more, case_id, case_id),
    )
    if not rows:
        return None
    row = rows[0]
    return Neighbours(
        number=int(row["number"]),
        total=int(row["total"]),
        inside=bool(row["inside"]),
        previous=row["previous"],
        next=row["next"],
    )


def find_against(store: Store, run_id: str) -> str | None:
    """The newest complete run of the same suite and target that began before this one."""
    rows = store.query(
        """
        SELECT o.run_id FROM runs o JOIN runs r ON o.suite = r.suite AND o.target = r.target
        WHERE r.run_id = ? AND o.run_id <> r.run_id AND o.started_at <= r.started_at AND o.status = 'finished'
              AND o.cases >= o.suite_cases
        ORDER BY o.started_at DESC, o.run_id DESC LIMIT 1""",
        (run_id,),
    )
    return rows[0]["run_id"] if rows else None


def load_case_objects(store: Store, run_id: str, case_ids: Sequence[str]) -> CaseObjects:
    """The objects of ``cases --json`` of these cases, in this order; ids that the run does not have are left out."""
    rows = store.query(
        """
        WITH scored AS (
            SELECT case_id, list({measure: measure, status: status, value: value, reason: reason}
                                 ORDER BY measure) AS scores
            FROM scores WHERE run_id = ? AND case_id IN (SELECT unnest(?)) GROUP BY case_id)
        SELECT cases.*, scored.scores FROM cases LEFT JOIN scored USING (case_id)
        WHERE run_id = ? AND case_id IN (SELECT unnest(?))""",
        (run_id, list(case_ids), run_id, list(case_ids)),
    )
    found = {row["case_id"]: case_object(row) for row in rows}
    return [found[case_id] for case_id in case_ids if case_id in found]
