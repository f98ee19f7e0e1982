"""A real store in a temporary folder, and runs put into it as the runner would."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.evaluation.suites import hash_suite_files
from engine.settings import DATASETS
from engine.store import Store, open_store
from tests.engine.roadmap.seeded import AddRun

START = datetime.datetime(2026, 3, 1, 9, 0)


def current_hash(suite: str) -> str | None:
    """What a run of the shipped suite of this name would keep."""
    folder = DATASETS / "suites" / suite
    return hash_suite_files(folder) if folder.is_dir() else None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def add_run(store: Store) -> AddRun:
    """``add_run("r1", "stories", [case(...), ...])`` records a finished and complete run, unless told otherwise."""
    hours = iter(range(1000))

    def add(
        run_id: str,
        suite: str,
        cases: Sequence[dict[str, Any]],
        *,
        status: str = "finished",
        asked: int | None = None,
        suite_cases: int | None = None,
        memory: dict[str, Any] | None = None,
        cases_hash: str | None = None,
    ) -> str:
        now = START + datetime.timedelta(hours=next(hours))
        asked = len(cases) if asked is None else asked
        run = {
            "run_id": run_id,
            "suite": suite,
            "suite_path": f"/suites/{suite}",
            "suite_hash": "0" * 64,
            "suite_cases": asked if suite_cases is None else suite_cases,
            "target": "builtin",
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

    return add
