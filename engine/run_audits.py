"""The audit of a stored run: its figures recomputed, the share that agrees, kept for the gate to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.errors import InputError
from engine.evaluation.metrics_audit import EXPECTED_KEYS, Finding, audit_journal
from engine.evaluation.metrics_audit_cases import CaseFacts, CountTokens, read_case
from engine.evaluation.metrics_audit_sources import audit_clock, audit_memory, audit_tokens
from engine.evaluation.statistics import wilson_interval
from engine.run_summaries import load_summary
from engine.settings import PipelineSettings
from engine.store import RunStore, Store
from engine.store.run_audits import RunAuditStore

BATCH = 500


def audit_run(store: Store, run_id: str) -> dict[str, Any]:
    """Recompute the figures of a run and keep how many agree.

    Raises:
        UnknownNameError: no such run.
        InputError: it is still running, or no case of it has ended.
    """
    with RunStore(store) as runs:
        row = runs.load_run(run_id)
    if row["status"] == "running":
        raise InputError(f"run {run_id} is still running; its figures change.", "Wait for its end.")
    shown = load_summary(store, run_id)
    pipeline = row["target"] == "pipeline"
    cases = list(_read_cases(store, run_id, _load_counter(row["settings"]) if pipeline else None))
    if not cases:
        raise InputError(f"run {run_id} has no case that ended, so there is nothing to recompute.")
    scores = store.query(
        "SELECT case_id, measure, status, value, repeats, judge FROM scores WHERE run_id = ?", [run_id]
    )
    findings: list[Finding] = [
        *_audit_keys(shown),
        *audit_journal(shown, cases, scores),
        *audit_clock(shown, row, cases, sequential=pipeline),
        *audit_memory(shown, _read_memory_mb()),
        *audit_tokens(cases),
    ]
    agreed = sum(finding.agrees for finding in findings)
    listed = [finding.as_json() for finding in findings]
    RunAuditStore(store).save_audit(run_id, len(findings), agreed, listed)
    interval = wilson_interval(agreed, len(findings))
    return {
        "run_id": run_id,
        "suite": row["suite"],
        "checked": len(findings),
        "agreed": agreed,
        "metrics_accuracy": {
            "value": agreed / len(findings),
            "low": interval.low,
            "high": interval.high,
            "n": len(findings),
        },
        "expected_keys": {name: shown.get(name) is not None for name in EXPECTED_KEYS},
        "findings": listed,
    }


def _audit_keys(shown: dict[str, Any]) -> Iterator[Finding]:
    """The keys that every run must carry; their values are held against their sources beside the others."""
    for name in EXPECTED_KEYS:
        there = shown.get(name) is not None
        yield Finding(
            figure=f"key {name}",
            shown=there,
            recomputed=True,
            source="the JSON of the run",
            tolerance="present",
            agrees=there,
        )


def _read_cases(store: Store, run_id: str, count_tokens: CountTokens | None) -> Iterator[CaseFacts]:
    """The cases in batches, so that a large run's contexts are never in memory at once."""
    position = -1
    while True:
        rows = store.query(
            "SELECT case_id, position, kind, status, answer, abstained, context_quality, latency_ms, tags, detail, ended_at"
            f" FROM cases WHERE run_id = ? AND position > ? ORDER BY position LIMIT {BATCH}",
            [run_id, position],
        )
        yield from (read_case(row, count_tokens) for row in rows)
        if len(rows) < BATCH:
            return
        position = rows[-1]["position"]


def _load_counter(settings: dict[str, Any]) -> CountTokens | None:
    from engine.embedding import load_embedder

    known = {name: value for name, value in settings.items() if name in PipelineSettings.__dataclass_fields__}
    chosen = PipelineSettings().with_values(known)
    return load_embedder(chosen).count_tokens if chosen.embedder == "minilm" else None


def _read_memory_mb() -> float | None:
    import psutil

    return psutil.virtual_memory().total / 2**20
