"""Runs, their cases and their scores."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.errors import UnknownNameError
from engine.store.journal import BatchWriter
from engine.store.literals import encode_json
from engine.store.liveness import SILENCE, is_alive, utc_now
from engine.store.run_queries import (
    CASE_ORDERS,
    COUNTED,
    RUN_COLUMNS,
    build_cases_query,
    build_runs_query,
    case_object,
    count_cases,
    order_terms,
    run_object,
)
from engine.store.store import Store

CASE_COLUMNS = (
    "case_id", "position", "kind", "status", "question", "answer", "abstained", "context_quality", "latency_ms",
    "tags", "checks", "detail", "ended_at",
)  # fmt: skip
SCORE_COLUMNS = ("measure", "status", "value", "reason")
_Record = tuple[dict[str, Any], list[dict[str, Any]]]


class RunStore:
    """Journals runs and reads them back. A context manager; :meth:`close` flushes, the store stays open."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._journal: BatchWriter[_Record] = BatchWriter(self._write_records)

    # -- writing -------------------------------------------------------------------------------------------------------

    def create_run(
        self,
        *,
        run_id: str,
        suite: str,
        suite_path: str,
        suite_hash: str,
        suite_cases: int,
        target: str,
        preset: str | None,
        settings: Mapping[str, Any],
        provenance: Mapping[str, Any],
        cases: int,
        options: Mapping[str, Any] | None = None,
        pid: int | None = None,
        started_at: datetime | None = None,
    ) -> None:
        """Record that a run has begun, by this process unless ``pid`` says otherwise."""
        now = started_at or utc_now()
        row = {
            "run_id": run_id,
            "suite": suite,
            "suite_path": suite_path,
            "suite_hash": suite_hash,
            "suite_cases": suite_cases,
            "target": target,
            "preset": preset,
            "settings": dict(settings),
            "provenance": dict(provenance),
            "status": "running",
            "cases": cases,
            "options": dict(options or {}),
            "pid": os.getpid() if pid is None else pid,
            "started_at": now,
            "heartbeat_at": now,
        }
        self._store.insert("runs", [row])

    def resume_run(self, run_id: str, options: Mapping[str, Any] | None = None) -> None:
        """Record that this process goes on with a run that had ended, by these options from now on."""
        self._store.execute(
            "UPDATE runs SET status = 'running', pid = ?, heartbeat_at = ?, ended_at = NULL, error = NULL,"
            " options = coalesce(?, options) WHERE run_id = ?",
            (os.getpid(), utc_now(), dict(options) if options is not None else None, run_id),
        )

    def keep_rescoring(self, run_id: str, options: Mapping[str, Any], cost_usd: float) -> None:
        """Record what scoring an ended run again changed: its options, such as its judge, and its cost in all."""
        self._store.execute(
            "UPDATE runs SET options = ?, cost_usd = ? WHERE run_id = ?", (dict(options), cost_usd, run_id)
        )

    def record_case(self, run_id: str, case: Mapping[str, Any], scores: Sequence[Mapping[str, Any]]) -> None:
        """Queue a case that has ended; durable after :meth:`flush`, and 0.2 s later at the latest.

        Args:
            case: the columns of ``cases`` without ``run_id``; ``ended_at`` may be missing.
            scores: each with ``measure``, ``status``, ``value``, ``reason``.

        Raises:
            ValueError: a missing or unknown column, NaN or infinity anywhere; nothing was queued.
            StoreError: an earlier case could not be written; this one is queued.
        """
        row = {"run_id": run_id} | _exact({"ended_at": utc_now(), **case}, CASE_COLUMNS)
        keys = {"run_id": run_id, "case_id": row["case_id"]}
        score_rows = [keys | _exact({"reason": None, **score}, SCORE_COLUMNS) for score in scores]
        encode_json([row, score_rows])
        self._journal.put((row, score_rows))

    def flush(self) -> None:
        """Wait until every recorded case is durable."""
        self._journal.flush()

    def heartbeat(self, run_id: str, seconds: float | None = None) -> None:
        """Say that the run goes on, and how long it has worked. Flushes."""
        self.flush()
        self._store.execute(
            "UPDATE runs SET heartbeat_at = ?, seconds = coalesce(?, seconds) WHERE run_id = ?",
            (utc_now(), seconds, run_id),
        )

    def finish_run(
        self,
        run_id: str,
        status: str,
        *,
        seconds: float,
        memory: Mapping[str, Any] | None = None,
        error: str | None = None,
        cost_usd: float | None = None,
    ) -> None:
        """Record how the run ended: ``finished``, ``interrupted`` or ``failed``. Flushes first."""
        self.flush()
        now = utc_now()
        self._store.execute(
            "UPDATE runs SET status = ?, seconds = ?, memory = ?, error = ?, cost_usd = coalesce(?, cost_usd),"
            " heartbeat_at = ?, ended_at = ? WHERE run_id = ?",
            (status, seconds, dict(memory) if memory is not None else None, error, cost_usd, now, now, run_id),
        )

    def delete_run(self, run_id: str) -> None:
        """Remove a run with its cases, scores, labels and marks."""
        for table in ("scores", "labels", "run_marks", "cases", "runs"):
            self._store.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))

    def close(self) -> None:
        """Flush and end the journal's thread."""
        self._journal.close()

    def __enter__(self) -> RunStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- reading -------------------------------------------------------------------------------------------------------

    def load_run(self, run_id: str) -> dict[str, Any]:
        """The run's row with its counts: the short JSON of ``run`` plus settings, provenance, memory and error.

        Raises:
            UnknownNameError: no such run.
        """
        rows = self._select_runs(run_id=run_id, limit=1)
        if not rows:
            raise self._unknown_run(run_id)
        return run_object(rows[0], whole=True)

    def load_row(self, run_id: str) -> dict[str, Any]:
        """The run's columns and marks without its counts; ``status`` is as shown. Reads no case.

        Raises:
            UnknownNameError: no such run.
        """
        sql, params = build_runs_query(self._silent_since(), self._dead_pids(), None, None, None, run_id)
        rows = self._store.query(f"{sql} SELECT * FROM chosen", params)
        if not rows:
            raise self._unknown_run(run_id)
        return rows[0]

    def list_runs(
        self,
        limit: int | None = 50,
        offset: int = 0,
        *,
        suite: str | None = None,
        status: str | None = None,
        search: str | None = None,
        mark: str | None = None,
        order_by: str = "-started_at",
        pinned_first: bool = False,
    ) -> list[dict[str, Any]]:
        """Runs in short, newest first.

        Args:
            status: as shown; a running run that was killed is ``interrupted``.
            search: a part of the id, suite, target or preset, whatever the case.
            mark: a tag that people gave.
            order_by: a field of the result, ``-`` before it for descending.

        Raises:
            ValueError: an ``order_by`` that is not offered.
        """
        rows = self._select_runs(
            suite=suite, status=status, search=search, mark=mark, order_by=order_by, pinned_first=pinned_first,
            limit=limit, offset=offset,
        )  # fmt: skip
        return [run_object(row) for row in rows]

    def count_runs(
        self, *, suite: str | None = None, status: str | None = None, search: str | None = None, mark: str | None = None
    ) -> int:
        """How many runs :meth:`list_runs` would give without a limit."""
        sql, params = build_runs_query(self._silent_since(), self._dead_pids(), suite, status, search, None, mark)
        return int(self._store.query(f"{sql} SELECT count(*) AS n FROM chosen", params)[0]["n"])

    def load_cases(
        self,
        run_id: str,
        failed: bool = False,
        limit: int | None = None,
        offset: int = 0,
        order_by: str = "position",
        *,
        status: str | None = None,
        kind: str | None = None,
        tag: str | None = None,
        search: str | None = None,
        case_id: str | None = None,
    ) -> list[dict[str, Any]]:
        """The objects of ``cases --json``, plus ``position``, ``tags``, ``latency_ms``, ``ended_at`` and the rest of
        ``detail``.

        Args:
            failed: only cases that failed or ended in an error.
            order_by: a key of ``CASE_ORDERS``, ``-`` before it for descending; ``severity`` puts failures first.
        """
        where = {"status": status, "kind": kind, "tag": tag, "search": search, "case_id": case_id}
        terms = order_terms(order_by, CASE_ORDERS, "position, case_id")
        sql, params = build_cases_query(run_id, failed, where, terms, limit, offset)
        return [case_object(row) for row in self._store.query(sql, params)]

    def finished_case_ids(self, run_id: str) -> set[str]:
        """The cases that are durable, which a resumed run skips."""
        rows = self._store.query("SELECT case_id FROM cases WHERE run_id = ?", (run_id,))
        return {row["case_id"] for row in rows}

    def measure_rows(self, run_id: str) -> list[dict[str, Any]]:
        """Per measure: ``values`` (scored, in suite order), ``scored``, ``failed``, ``not_applicable``, ``total``."""
        return self._store.query(
            """
            SELECT measure, coalesce(list(value ORDER BY position) FILTER (WHERE s.status = 'scored'), []) AS values,
                   count_if(s.status = 'scored') AS scored, count_if(s.status = 'failed') AS failed,
                   count_if(s.status = 'not_applicable') AS not_applicable, count(*) AS total
            FROM scores s JOIN cases c USING (run_id, case_id) WHERE run_id = ? GROUP BY measure ORDER BY measure""",
            (run_id,),
        )

    # ------------------------------------------------------------------------------------------------------------------

    def _select_runs(
        self,
        *,
        run_id: str | None = None,
        suite: str | None = None,
        status: str | None = None,
        search: str | None = None,
        mark: str | None = None,
        order_by: str = "-started_at",
        pinned_first: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        terms = order_terms(order_by, RUN_COLUMNS, "started_at DESC, run_id")
        terms = f"pinned DESC, {terms}" if pinned_first else terms
        sql, params = build_runs_query(self._silent_since(), self._dead_pids(), suite, status, search, run_id, mark)
        if order_by.removeprefix("-") in COUNTED:
            return self._store.query(
                f"{count_cases(sql, '')} ORDER BY {terms} LIMIT ? OFFSET ?", (*params, limit, offset)
            )
        page = f"ORDER BY {terms} LIMIT ? OFFSET ?"
        return self._store.query(f"{count_cases(sql, page)} ORDER BY {terms}", (*params, limit, offset))

    def _unknown_run(self, run_id: str) -> UnknownNameError:
        known = self._store.query("SELECT run_id FROM runs ORDER BY started_at DESC LIMIT 10")
        return UnknownNameError("run", run_id, (row["run_id"] for row in known), "python -m engine runs lists all.")

    def _silent_since(self) -> datetime:
        return utc_now() - SILENCE

    def _dead_pids(self) -> list[int]:
        rows = self._store.query("SELECT DISTINCT pid FROM runs WHERE status = 'running'")
        return [row["pid"] for row in rows if not is_alive(row["pid"])]

    def _write_records(self, records: Sequence[_Record]) -> None:
        newest = {(row["run_id"], row["case_id"]): (row, scores) for row, scores in records}
        scores = [score for _, of_case in newest.values() for score in of_case]
        # Scores first: a case that is there is there with its scores, wherever a crash falls.
        self._store.insert("scores", list({(s["run_id"], s["case_id"], s["measure"]): s for s in scores}.values()))
        self._store.insert("cases", [row for row, _ in newest.values()])


def _exact(row: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    if row.keys() != set(columns):
        missing, unknown = sorted(set(columns) - row.keys()), sorted(row.keys() - set(columns))
        raise ValueError(f"A record lacks {missing} and has unknown {unknown}; expected {list(columns)}.")
    return {name: row[name] for name in columns}
