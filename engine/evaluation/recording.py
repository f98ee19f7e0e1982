"""The recorder of real runs: cases and scores into the store's tables."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Tables(Protocol):
    """What this needs of ``engine.store.Store``."""

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]], *, replace: bool = True) -> None:
        """Writes rows in one statement; durable when it returns."""
        ...


class Heart(Protocol):
    """What this needs of ``engine.store.runs.RunStore``."""

    def heartbeat(self, run_id: str, seconds: float | None = None) -> None:
        """Says that the run goes on, and how long it has worked."""
        ...


class StoreRecorder:
    """Writes ended cases of one run. ``seconds_before`` is what earlier attempts at this run have worked.

    It writes at once, without a queue of its own: the runner's journal already does so from a thread and in batches.
    """

    def __init__(self, tables: Tables, heart: Heart, run_id: str, seconds_before: float = 0.0) -> None:
        self._tables, self._heart, self._run_id = tables, heart, run_id
        self._started = time.monotonic() - seconds_before

    def record_cases(self, case_rows: Sequence[Mapping[str, Any]], score_rows: Sequence[Mapping[str, Any]]) -> None:
        """Scores first: a case that is there is there with its scores, wherever a crash falls."""
        self.record_scores(score_rows)
        self._tables.insert("cases", case_rows)

    def record_scores(self, score_rows: Sequence[Mapping[str, Any]]) -> None:
        """Scores of cases that are there already, or are about to be."""
        if score_rows:
            self._tables.insert("scores", score_rows)

    def heartbeat(self, done: int, total: int) -> None:
        """Keeps the run from being taken for dead."""
        self._heart.heartbeat(self._run_id, time.monotonic() - self._started)


class ScoreRecorder:
    """Writes scores of a run that has ended. The run itself is left as it is, so it stays evidence meanwhile."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def record_cases(self, case_rows: Sequence[Mapping[str, Any]], score_rows: Sequence[Mapping[str, Any]]) -> None:
        """Scores only: the cases are there."""
        self.record_scores(score_rows)

    def record_scores(self, score_rows: Sequence[Mapping[str, Any]]) -> None:
        """Keeps scores; durable when it returns."""
        if score_rows:
            self._tables.insert("scores", score_rows)

    def heartbeat(self, done: int, total: int) -> None:
        """Nothing waits for a sign of life of a run that has ended."""
