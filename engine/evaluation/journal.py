"""The journal: hands ended cases to a recorder from a thread of its own, so that no case waits for writing."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol

from engine.evaluation.case_results import CaseResult

Row = Mapping[str, Any]
FLUSH_S = 0.1
HEARTBEAT_S = 2.0


class Recorder(Protocol):
    """Where a run's cases go. Rows have the columns of ``cases`` and ``scores``; writing one twice is safe."""

    def record_cases(self, case_rows: Sequence[Row], score_rows: Sequence[Row]) -> None:
        """Keeps ended cases with their scores; durable when it returns."""
        ...

    def record_scores(self, score_rows: Sequence[Row]) -> None:
        """Keeps scores that were made after their cases were recorded."""
        ...

    def heartbeat(self, done: int, total: int) -> None:
        """Says that the run is alive, at least every two seconds."""
        ...


class Journal:
    """Writes each case and each score at most 0.1 s after it ended; what ends within that time is written together.

    A recorder's exception surfaces in ``add``, in ``record_scores`` or at the end of the ``with`` block.
    """

    def __init__(self, recorder: Recorder, run_id: str, done: int, total: int) -> None:
        self._recorder, self._run_id = recorder, run_id
        self._done, self._total = done, total
        self._waiting: deque[CaseResult] = deque()
        self._scores: deque[Row] = deque()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._beat_at = 0.0

    def __enter__(self) -> Journal:
        self._work_ended = self._pool.submit(self._work)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._wake.set()
        try:
            self._work_ended.result()
        finally:
            self._pool.shutdown()

    def add(self, result: CaseResult) -> None:
        """Takes an ended case."""
        self._check()
        self._waiting.append(result)
        self._wake.set()

    def record_scores(self, score_rows: Sequence[Row]) -> None:
        """Takes scores of cases that were added, or recorded before."""
        self._check()
        self._scores.extend(score_rows)
        self._wake.set()

    def _check(self) -> None:
        if self._work_ended.done():
            self._work_ended.result()

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(HEARTBEAT_S)
            self._wake.clear()
            self._flush()
            self._stop.wait(FLUSH_S)
        self._flush(final=True)

    def _flush(self, final: bool = False) -> None:
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if batch:
            rows = [r.case_row(self._run_id) for r in batch]
            self._recorder.record_cases(rows, [s for r in batch for s in r.score_rows(self._run_id)])
            self._done += len(batch)
        if late := [self._scores.popleft() for _ in range(len(self._scores))]:
            self._recorder.record_scores(late)
        if final or time.monotonic() - self._beat_at >= HEARTBEAT_S:
            self._beat_at = time.monotonic()
            self._recorder.heartbeat(self._done, self._total)
