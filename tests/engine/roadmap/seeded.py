"""Case rows as the runner records them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.evaluation.suites import hash_suite_files
from engine.settings import DATASETS
from engine.store import Store

AddRun = Callable[..., str]
START = datetime.datetime(2026, 3, 1, 9, 0)


def case(
    status: str = "passed",
    kind: str = "qa",
    quality: float | None = 0.9,
    latency: float | None = 10.0,
    **scores: float | str | None,
) -> dict[str, Any]:
    """One case row. A score is a value, or a status without one: ``groundedness="not_applicable"``."""
    return {
        "kind": kind,
        "status": status,
        "question": "?",
        "answer": None,
        "abstained": None,
        "context_quality": None if kind == "content" else quality,
        "latency_ms": None if kind == "content" else latency,
        "tags": [],
        "checks": {},
        "detail": {},
        "scores": {
            name: {"status": value, "value": None, "reason": "why"}
            if isinstance(value, str)
            else {"status": "scored", "value": value, "reason": None}
            for name, value in scores.items()
        },
    }


def current_hash(suite: str) -> str | None:
    """What a run of the shipped suite of this name would keep."""
    folder = DATASETS / "suites" / suite
    return hash_suite_files(folder) if folder.is_dir() else None


def insert_run(
    store: Store,
    hours: Iterator[int],
    run_id: str,
    suite: str,
    cases: Sequence[dict[str, Any]],
    *,
    status: str = "finished",
    asked: int | None = None,
    suite_cases: int | None = None,
    memory: dict[str, Any] | None = None,
    cases_hash: str | None = None,
    target: str = "pipeline",
) -> str:
    """Record a run; each is an hour later than the one before."""
    now = START + datetime.timedelta(hours=next(hours))
    asked = len(cases) if asked is None else asked
    run = {
        "run_id": run_id,
        "suite": suite,
        "suite_path": f"/suites/{suite}",
        "suite_hash": "0" * 64,
        "suite_cases": asked if suite_cases is None else suite_cases,
        "target": target,
        "preset": None,
        "settings": {},
        "provenance": {"cases_hash": cases_hash or current_hash(suite)},
        "status": status,
        "cases": asked,
        "pid": 1,
        "started_at": now,
        "heartbeat_at": now,
        "ended_at": now,
        "seconds": 1.0,
        "memory": memory,
        "error": None,
    }
    store.insert("runs", [run])
    rows, scores = [], []
    for i, given in enumerate(cases):
        values = dict(given)
        measures = values.pop("scores")
        key = {"run_id": run_id, "case_id": f"c{i}"}
        rows.append({**key, "position": i, "ended_at": now, **values})
        scores += [{**key, "measure": name, **score} for name, score in measures.items()]
    store.insert("cases", rows)
    store.insert("scores", scores)
    return run_id
