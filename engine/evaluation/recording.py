"""The recorder of real runs: cases and scores into the store's tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

# What of a case's row was said by the target, or read by it; names, places and figures are no personal data's place.
_SAID = frozenset(("answer", "text", "preview", "reason", "error"))


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
    """Writes ended cases of one run.

    It writes at once, without a queue of its own: the runner's journal already does so from a thread and in batches.

    Args:
        seconds_before: what earlier attempts at this run have worked.
        redact: replaces personal data in what the target said and read, after it was scored. None keeps it.
    """

    def __init__(
        self,
        tables: Tables,
        heart: Heart,
        run_id: str,
        seconds_before: float = 0.0,
        redact: Callable[[str], str] | None = None,
    ) -> None:
        self._tables, self._heart, self._run_id, self._redact = tables, heart, run_id, redact
        self._started = time.monotonic() - seconds_before

    def record_cases(self, case_rows: Sequence[Mapping[str, Any]], score_rows: Sequence[Mapping[str, Any]]) -> None:
        """Scores first: a case that is there is there with its scores, wherever a crash falls."""
        if self._redact is not None:
            case_rows = [redact_row(row, self._redact) for row in case_rows]
        self.record_scores(score_rows)
        self._tables.insert("cases", case_rows)

    def record_scores(self, score_rows: Sequence[Mapping[str, Any]]) -> None:
        """Scores of cases that are there already, or are about to be."""
        if score_rows and self._redact is not None:
            score_rows = [redact_row(row, self._redact) for row in score_rows]
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


def redact_row(row: Mapping[str, Any], redact: Callable[[str], str]) -> dict[str, Any]:
    """A row, nested values included, with every answer, passage and reason redacted."""
    return {
        name: redact(value) if name in _SAID and isinstance(value, str) else _redact_within(value, redact)
        for name, value in row.items()
    }


def _redact_within(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return redact_row(value, redact)
    if isinstance(value, list | tuple):
        return [_redact_within(entry, redact) for entry in value]
    return value
