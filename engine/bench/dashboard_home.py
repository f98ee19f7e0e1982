"""A store as a team has it after months: one very large run and sixty ordinary ones, written by set-based SQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.evaluation.measures import DEFAULT_MEASURES
from engine.evaluation.suite_folders import list_shipped_suites
from engine.evaluation.suites import hash_suite_files, load_suite
from engine.settings import DATASETS, PipelineSettings
from engine.store import Store

LARGE = "stories-large"  # run id
ROADMAP = "narrative-agent"  # reads the suite of the large run
ORDINARY = 60
ORDINARY_RUN = "customer-service-000"
ORDINARY_ROADMAP = "customer-service-agent"
START = datetime(2026, 1, 5, 9, 0)
_BATCH = 20_000  # cases a statement; each is durable by itself
_CASES = """
    INSERT INTO cases (run_id, case_id, position, kind, status, question, answer, abstained, context_quality, latency_ms,
                       tags, checks, detail, ended_at)
    WITH drawn AS (
        SELECT i, (hash(i * 7 + ?) % 10000) / 10000 AS u, (hash(i * 11 + ?) % 10000) / 10000 AS v
        FROM range(?::BIGINT, ?::BIGINT) AS numbers(i)),
    ended AS (
        SELECT *, CASE WHEN u < ? THEN 'passed' WHEN u < 0.96 THEN 'failed' WHEN u < 0.99 THEN 'unscored' ELSE 'error'
                  END AS status FROM drawn)
    SELECT ?, 'c' || i, i, CASE WHEN i % 20 = 0 THEN 'content' WHEN i % 20 = 1 THEN 'conversation' ELSE 'qa' END, status,
           'Which of the ' || i || ' things did they find in the house by the river, and who told them of it?',
           CASE WHEN status <> 'error' THEN 'They found thing ' || i || ', and the miller told them of it.' END,
           status = 'unscored', CASE WHEN status <> 'error' THEN least(1, greatest(0, 0.6 + 0.4 * v - 0.2 * u)) END,
           CASE WHEN status <> 'error' THEN 20 + 400 * u * u * v END, ['tag' || i % 7, 'part' || i % 3],
           {'correct': status = 'passed', 'cites_its_source': v > 0.05}::JSON,
           json_object('contexts', [{'document': 'd' || i % 500 || '.md', 'start': i, 'end': i + 800, 'score': v,
               'text': repeat(md5(i::VARCHAR) || ' the river and the house ', 14)}, {'document': 'd' || i % 499 || '.md',
               'start': 0, 'end': 800, 'score': u, 'text': repeat(md5((i + 1)::VARCHAR) || ' the miller and the mill ', 14)}],
               'timings_ms', {'retrieve': 4 * v, 'generate': 20 * u, 'total': 20 + 400 * u * u * v}),
           ?::TIMESTAMP + to_milliseconds(i)
    FROM ended"""
_SCORES = """
    INSERT INTO scores (run_id, case_id, measure, status, value, reason)
    WITH drawn AS (
        SELECT case_id, measure, (hash(position * 31 + n * 101 + ?) % 10000) / 10000 AS u, cases.status = 'error' AS broke, n
        FROM cases, (SELECT unnest(?::VARCHAR[]) AS measure, unnest(range(?::BIGINT)) AS n)
        WHERE run_id = ? AND position >= ? AND position < ?),
    put AS (SELECT *, CASE WHEN broke OR u > 0.995 THEN 'failed' WHEN n % 5 = 4 AND u < 0.1 THEN 'not_applicable'
                      ELSE 'scored' END AS status FROM drawn)
    SELECT ?, case_id, measure, status,
           CASE WHEN status = 'scored' THEN CASE WHEN n % 3 = 0 THEN (u < 0.8)::DOUBLE ELSE sqrt(u) END END,
           CASE status WHEN 'failed' THEN 'the target failed' WHEN 'not_applicable' THEN 'the case has no reference' END
    FROM put"""


def build_home(store: Store, cases: int) -> dict[str, Any]:
    """Fill an empty store. The same rows for the same number of cases.

    Returns:
        ``runs``, ``cases`` and ``scores`` as counted in the store.
    """
    suites = {name: len(load_suite(name).cases) for name in list_shipped_suites()}
    for number in range(ORDINARY):
        suite = sorted(suites)[number % len(suites)]
        began = START + timedelta(days=3 * number)
        add_run(store, f"{suite}-{number:03d}", suite, suites[suite], began, seed=number, passing=0.6 + number / 240)
    add_run(store, LARGE, "stories", cases, START + timedelta(days=3 * ORDINARY), seed=ORDINARY, passing=0.85)
    tables = ("runs", "cases", "scores")
    return {t: int(store.query(f"SELECT count(*) AS n FROM {t}")[0]["n"]) for t in tables}


def add_run(
    store: Store, run_id: str, suite: str, cases: int, began: datetime, *, seed: int = 0, passing: float = 0.8
) -> None:
    """A finished and complete run of a shipped suite, with every measure that needs no model."""
    folder = DATASETS / "suites" / suite
    row: Mapping[str, Any] = {
        "run_id": run_id,
        "suite": suite,
        "suite_path": str(folder),
        "suite_hash": "0" * 64,
        "suite_cases": cases,
        "target": "pipeline",
        "preset": "balanced",
        "settings": PipelineSettings().as_dict(),
        "provenance": {"cases_hash": hash_suite_files(folder), "seed": 0, "pass_rules": {"success_rate": 0.8}},
        "status": "finished",
        "cases": cases,
        "pid": 1,
        "started_at": began,
        "heartbeat_at": began,
        "ended_at": began + timedelta(milliseconds=cases),
        "seconds": cases / 20,
        "memory": {"rss_mb": 300.0, "peak_mb": 310.0, "growth_mb": 5.0, "accuracy": 0.99, "samples": 20},
    }
    measures = list(DEFAULT_MEASURES)
    for first in range(0, cases, _BATCH):
        last = min(cases, first + _BATCH)
        store.execute(_CASES, [seed, seed, first, last, passing, run_id, began])
        store.execute(_SCORES, [seed, measures, len(measures), run_id, first, last, run_id])
    store.insert("runs", [row])
