"""The cases of a run for a file, page by page from the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.reports.build_run import describe_expected, explain_failure
from engine.store import Store
from engine.store.case_pages import split_positions

MOST_LISTED = 5_000  # unless all were asked for
PAGE = 1_000
_COLUMNS = (
    "case_id, position, kind, status, left(question, 2000) AS question, left(answer, 4000) AS answer, checks, tags,"
    " context_quality, latency_ms, detail -> '$.expected' AS expected, left(detail ->> '$.error', 2000) AS error"
)
_SEVERITY = "array_position(['error', 'failed', 'unscored', 'passed'], status)"


def stream_cases(store: Store, run_id: str, *, all_cases: bool = False) -> Iterator[dict[str, Any]]:
    """Cases in words: the first 5,000, errors and failures first; with ``all_cases`` every case in the suite's order."""
    pages = _all_pages(store, run_id) if all_cases else _first_pages(store, run_id)
    yield from (_describe(row) for page in pages for row in page)


def _first_pages(store: Store, run_id: str) -> Iterator[list[dict[str, Any]]]:
    """Ids first: to order whole rows would carry every text of the run through the sort."""
    ordered = store.query(
        f"SELECT case_id FROM cases WHERE run_id = ? ORDER BY {_SEVERITY}, position, case_id LIMIT ?",
        (run_id, MOST_LISTED),
    )
    for first in range(0, len(ordered), PAGE):
        ids = [row["case_id"] for row in ordered[first : first + PAGE]]
        rows = store.query(
            f"SELECT {_COLUMNS} FROM cases WHERE run_id = ? AND case_id IN (SELECT unnest(?))", (run_id, ids)
        )
        found = {row["case_id"]: row for row in rows}
        yield [found[case_id] for case_id in ids if case_id in found]


def _all_pages(store: Store, run_id: str) -> Iterator[list[dict[str, Any]]]:
    for first, last in split_positions(store, run_id, PAGE):
        yield store.query(
            f"SELECT {_COLUMNS} FROM cases WHERE run_id = ? AND position BETWEEN ? AND ? ORDER BY position, case_id",
            (run_id, first, last),
        )


def _describe(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "case": row["case_id"],
        "status": row["status"],
        "kind": row["kind"],
        "why": explain_failure(row["status"], row["checks"], row["error"]),
        "context_quality": row["context_quality"],
        "latency_ms": row["latency_ms"],
        "tags": " ".join(row["tags"]),
        "question": row["question"],
        "answer": row["answer"] or "",
        "expected": describe_expected(row["expected"]),
    }
