"""The SQL behind the lists of runs and cases, and the objects made of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

RUN_COLUMNS = {
    "started_at": "started_at",
    "ended_at": "ended_at",
    "run_id": "run_id",
    "suite": "suite",
    "target": "target",
    "preset": "preset",
    "status": "status",
    "cases": "cases",
    "seconds": "seconds",
    "passed": "passed",
    "failed": "failed",
    "errors": "errors",
    "unscored": "unscored",
    "success_rate": "passed / nullif(passed + failed + errors, 0)",
    "context_quality": "quality_mean",
    "latency_ms": "p95",
}
COUNTED = ("passed", "failed", "errors", "unscored", "success_rate", "context_quality", "latency_ms")
"""Orders that need every run's cases counted; by any other, only the cases of one page of runs are."""
CASE_ORDERS = {
    "position": "position",
    "id": "case_id",
    "kind": "kind",
    "status": "status",
    "severity": "array_position(['error', 'failed', 'unscored', 'passed'], status)",
    "context_quality": "context_quality",
    "latency_ms": "latency_ms",
    "ended_at": "ended_at",
}
_RUN_SHORT = (
    "run_id", "suite", "status", "cases", "passed", "failed", "errors", "unscored", "started_at", "ended_at",
    "seconds", "target", "preset",
)  # fmt: skip
_RUN_WHOLE = (
    "suite_path", "suite_hash", "suite_cases", "settings", "provenance", "pid", "heartbeat_at", "memory", "error",
    "options", "cost_usd",
)  # fmt: skip


def order_terms(order_by: str, offered: Mapping[str, str], tie: str) -> str:
    """ORDER BY terms for ``name`` or ``-name``; missing values last.

    Raises:
        ValueError: a name that is not offered.
    """
    name = order_by.removeprefix("-")
    if name not in offered:
        raise ValueError(f"Cannot order by {order_by!r}; offered: {', '.join(offered)}.")
    direction = "DESC" if order_by.startswith("-") else "ASC"
    return f"{offered[name]} {direction} NULLS LAST, {tie}"


def build_runs_query(
    silent_since: datetime,
    dead_pids: list[int],
    suite: str | None,
    status: str | None,
    search: str | None,
    run_id: str | None,
    mark: str | None = None,
) -> tuple[str, list[Any]]:
    """WITH clauses that end in ``chosen``: the runs that pass the filters, with their marks.

    Args:
        mark: a tag that people gave.
    """
    params: list[Any] = [silent_since, dead_pids]
    where = ["TRUE"]
    for column, value in (("suite", suite), ("status", status), ("run_id", run_id)):
        if value is not None:
            where.append(f"{column} = ?")
            params.append(value)
    if search:
        where.append("contains(lower(concat_ws(' ', run_id, suite, target, preset)), lower(?))")
        params.append(search)
    if mark is not None:
        where.append("list_contains(mark_tags, ?)")
        params.append(mark)
    sql = f"""
        WITH shown AS (
            SELECT runs.* REPLACE (CASE WHEN status = 'running' AND (heartbeat_at < ? OR list_contains(?, pid))
                                   THEN 'interrupted' ELSE status END AS status),
                   coalesce(m.pinned, FALSE) AS pinned, coalesce(m.tags, []) AS mark_tags, coalesce(m.note, '') AS note
            FROM runs LEFT JOIN run_marks m USING (run_id)),
        chosen AS (SELECT * FROM shown WHERE {" AND ".join(where)})"""
    return sql, params


def count_cases(chosen: str, page: str) -> str:
    """SELECT of the runs of ``chosen`` with their cases counted. ``page`` orders and cuts them before their cases are read."""
    return f"""{chosen},
        paged AS (SELECT * FROM chosen {page}),
        counted AS (
            SELECT run_id, count_if(status = 'passed') AS passed, count_if(status = 'failed') AS failed,
                   count_if(status = 'error') AS errors, count_if(status = 'unscored') AS unscored,
                   avg(context_quality) AS quality_mean, count(context_quality) AS quality_n,
                   quantile_cont(latency_ms, [0.5, 0.95, 0.99]) AS latencies
            FROM cases WHERE run_id IN (SELECT run_id FROM paged) GROUP BY run_id)
        SELECT paged.*, coalesce(passed, 0) AS passed, coalesce(failed, 0) AS failed, coalesce(errors, 0) AS errors,
               coalesce(unscored, 0) AS unscored, quality_mean, coalesce(quality_n, 0) AS quality_n,
               latencies[1] AS p50, latencies[2] AS p95, latencies[3] AS p99
        FROM paged LEFT JOIN counted USING (run_id)"""


def build_cases_query(
    run_id: str, failed: bool, where: Mapping[str, str | None], terms: str, limit: int | None, offset: int
) -> tuple[str, list[Any]]:
    """SELECT of one run's cases, each with its scores as a list of structs."""
    conditions, params = ["run_id = ?"], [run_id]
    if failed:
        conditions.append("status IN ('failed', 'error')")
    for column in ("status", "kind", "case_id"):
        if where[column] is not None:
            conditions.append(f"{column} = ?")
            params.append(where[column] or "")
    if where["tag"] is not None:
        conditions.append("list_contains(tags, ?)")
        params.append(where["tag"] or "")
    if where["search"]:
        conditions.append("contains(lower(concat_ws(' ', case_id, question, answer)), lower(?))")
        params.append(where["search"] or "")
    sql = f"""
        WITH page AS (SELECT * FROM cases WHERE {" AND ".join(conditions)} ORDER BY {terms} LIMIT ? OFFSET ?),
        scored AS (
            SELECT case_id, list({{measure: measure, status: status, value: value, reason: reason}}
                                 ORDER BY measure) AS scores
            FROM scores WHERE run_id = ? AND case_id IN (SELECT case_id FROM page) GROUP BY case_id)
        SELECT page.*, scored.scores FROM page LEFT JOIN scored USING (case_id) ORDER BY {terms}"""
    return sql, [*params, limit, offset, run_id]


def run_object(row: Mapping[str, Any], *, whole: bool = False) -> dict[str, Any]:
    """The short JSON of a run, or with everything that its row holds. Times stay ``datetime``."""
    attempted = row["passed"] + row["failed"] + row["errors"]
    short = {name: row[name] for name in _RUN_SHORT} | {
        "success_rate": {"value": row["passed"] / attempted if attempted else None, "n": attempted},
        "context_quality": {"mean": row["quality_mean"], "n": row["quality_n"]},
        "latency_ms": {"p50": row["p50"], "p95": row["p95"], "p99": row["p99"]},
        "marks": {"pinned": row["pinned"], "tags": row["mark_tags"], "note": row["note"]},
    }
    return short | {name: row[name] for name in _RUN_WHOLE} if whole else short


def case_object(row: Mapping[str, Any]) -> dict[str, Any]:
    """The object of ``cases --json``: the row's columns, its detail merged in, its scores by measure."""
    detail = row["detail"]
    return {
        "retrieved": [],
        "contexts": [],
        "timings_ms": {},
        "error": None,
        **detail,
        "id": row["case_id"],
        "position": row["position"],
        "kind": row["kind"],
        "status": row["status"],
        "question": row["question"],
        "answer": row["answer"],
        "abstained": row["abstained"],
        "context_quality": row["context_quality"],
        "latency_ms": row["latency_ms"],
        "tags": row["tags"],
        "checks": row["checks"],
        "scores": {
            score["measure"]: {name: score[name] for name in ("status", "value", "reason")}
            for score in row["scores"] or []
        },
        "ended_at": row["ended_at"],
    }
