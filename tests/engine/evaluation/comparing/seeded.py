"""Runs in a store, made of arrays: what a comparison reads, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.store import RunStore, Store

START = datetime(2026, 3, 2, 9, 0)
SETTINGS = {"chunk_size": 1024, "top_k": 20, "mode": "hybrid"}


def add_run(
    store: Store,
    run_id: str,
    passed: Sequence[bool | None],
    scores: Mapping[str, Sequence[float | None]] | None = None,
    *,
    latency: Sequence[float] | None = None,
    suite: str = "depot",
    suite_hash: str = "hash-1",
    prefix: str = "case",
    status: str = "finished",
    settings: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    commit: str = "c0ffee",
    judge: tuple[str | None, str | None] = (None, None),
    missing: str = "failed",
    minute: int = 0,
    errors: Sequence[int] = (),
) -> None:
    """One run. ``passed`` None is an unscored case; a score of None has the status ``missing``."""
    began = START + timedelta(minutes=minute)
    with RunStore(store) as runs:
        runs.create_run(
            run_id=run_id,
            suite=suite,
            suite_path=f"/suites/{suite}",
            suite_hash=suite_hash,
            suite_cases=len(passed),
            target="pipeline",
            preset=None,
            settings=SETTINGS | dict(settings or {}),
            provenance={"commit": commit, "seed": 0, "limit": None},
            cases=len(passed),
            started_at=began,
        )
        runs.finish_run(run_id, status, seconds=1.0)
    if options:
        store.execute("UPDATE runs SET options = ? WHERE run_id = ?", (dict(options), run_id))
    words = {True: "passed", False: "failed", None: "unscored"}
    rows = [
        {
            "run_id": run_id,
            "case_id": f"{prefix}-{i}",
            "position": i,
            "kind": "qa",
            "status": "error" if i in errors else words[value],
            "question": f"Question {i}?",
            "answer": f"Answer {i} of {run_id}",
            "latency_ms": None if latency is None else float(latency[i]),
            "tags": [],
            "checks": {},
            "detail": {},
            "ended_at": began,
        }
        for i, value in enumerate(passed)
    ]
    store.insert("cases", rows)
    for measure, values in (scores or {}).items():
        store.insert(
            "scores",
            [
                {
                    "run_id": run_id,
                    "case_id": f"{prefix}-{i}",
                    "measure": measure,
                    "status": missing if value is None else "scored",
                    "value": None if value is None else float(value),
                    "judge": judge[0],
                    "prompt_hash": judge[1],
                }
                for i, value in enumerate(values)
            ],
        )
