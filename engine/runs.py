"""A run from end to end: the corpus up to date, the pipeline warm, every case journaled, the summary."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.corpora import find_corpus, ingest_corpus, load_sources, record_ingest
from engine.errors import InputError
from engine.evaluation.recording import StoreRecorder
from engine.evaluation.runner import RunOutcome, run_suite
from engine.evaluation.suites import Suite, check_spans, hash_suite_files, load_suite
from engine.evaluation.summary import summarise_run
from engine.evaluation.targets import PipelineTarget
from engine.pipeline import open_pipeline
from engine.settings import ROOT, PipelineSettings, load_settings
from engine.store import RunStore, Store
from engine.store.liveness import utc_now

Progress = Callable[[int, int, str], None]
PACKAGES = ("lancedb", "duckdb", "onnxruntime", "tokenizers", "ragas", "numpy")
TARGETS = ("pipeline",)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What to run. ``resume`` is the id of an interrupted run; the other fields then come from that run."""

    suite: str
    overrides: Mapping[str, Any]
    preset: str | None = None
    target: str = "pipeline"
    limit: int | None = None
    seed: int = 0
    resume: str | None = None
    run_id: str | None = None


def run_request(
    store: Store, request: RunRequest, progress: Progress | None = None, cancel: threading.Event | None = None
) -> dict[str, Any]:
    """Run or resume, and give the run's summary.

    Raises:
        InputError: the suite, a case, a setting or the run to resume cannot be used; nothing was recorded.
    """
    if request.target not in TARGETS:
        raise InputError(f"target {request.target!r}: expected {', '.join(TARGETS)}.")
    if request.limit is not None and request.limit < 1:
        raise InputError(f"--limit {request.limit}: expected 1 or more.")
    suite = load_suite(request.suite)
    with RunStore(store) as runs:
        if request.resume:
            return _resume(store, runs, suite, request.resume, progress, cancel)
        settings = load_settings(request.preset, suite.settings, request.overrides)
        limit, seed = request.limit, request.seed
        prepared = _prepare(store, suite, settings, progress)
        run_id = request.run_id or make_run_id(suite.name)
        runs.create_run(
            run_id=run_id,
            suite=suite.name,
            suite_path=str(suite.path),
            suite_hash=prepared.suite.hash,
            suite_cases=len(suite.cases),
            target=request.target,
            preset=request.preset,
            settings=settings.as_dict(),
            provenance=_provenance(prepared, seed, limit),
            cases=len(suite.cases[:limit]),
        )
        _execute(store, runs, prepared, run_id, settings, limit, seed, [], 0.0, progress, cancel)
        return load_summary(store, run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    suite: Suite
    corpus: str
    documents: Mapping[str, str]
    index_fingerprint: str


def make_run_id(suite: str) -> str:
    """A new run's id: suite, time (UTC) and four random hex digits."""
    return f"{suite[:40]}-{utc_now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _resume(
    store: Store,
    runs: RunStore,
    suite: Suite,
    run_id: str,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> dict[str, Any]:
    row = runs.load_run(run_id)
    if row["suite"] != suite.name:
        raise InputError(f"run {run_id} is one of the suite {row['suite']!r}, not of {suite.name!r}.")
    if row["status"] == "running":
        raise InputError(f"run {run_id} is still running.", "Wait for it, or stop it first.")
    if row["status"] == "finished":
        return load_summary(store, run_id)
    settings = PipelineSettings().with_values(row["settings"])
    prepared = _prepare(store, suite, settings, progress)
    if prepared.suite.hash != row["suite_hash"]:
        raise InputError(
            f"suite {suite.name!r}: its cases or documents have changed since run {run_id} began.",
            f"Start a new run: python -m engine run {suite.path}",
        )
    earlier = [case for case in runs.load_cases(run_id) if case["status"] != "error"]
    runs.resume_run(run_id)
    provenance = row["provenance"]
    limit, seed = provenance["limit"], provenance["seed"]
    _execute(store, runs, prepared, run_id, settings, limit, seed, earlier, row["seconds"] or 0.0, progress, cancel)
    return load_summary(store, run_id)


def _prepare(store: Store, suite: Suite, settings: PipelineSettings, progress: Progress | None) -> _Prepared:
    """Check the cases against the documents, then bring the index up to date."""
    corpus, path = find_corpus(str(suite.corpus_path), suite.path)
    loaded = load_sources([str(path)])
    documents = {document.id: document.text for document in loaded.documents}
    check_spans(suite, documents)
    report = ingest_corpus(corpus, [path], settings, progress, replace=True, loaded=loaded)
    record_ingest(store, report, settings)
    return _Prepared(
        suite=suite.with_corpus([document.content_hash for document in loaded.documents]),
        corpus=corpus,
        documents=documents,
        index_fingerprint=report.index_fingerprint,
    )


def _execute(
    store: Store,
    runs: RunStore,
    prepared: _Prepared,
    run_id: str,
    settings: PipelineSettings,
    limit: int | None,
    seed: int,
    earlier: Sequence[Mapping[str, Any]],
    seconds_before: float,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> RunOutcome:
    try:
        pipeline = open_pipeline(prepared.corpus, settings)
        pipeline.warm_up()
        outcome = run_suite(
            prepared.suite,
            PipelineTarget(pipeline),
            settings,
            StoreRecorder(store, runs, run_id, seconds_before),
            run_id=run_id,
            limit=limit,
            seed=seed,
            earlier=earlier,
            documents=prepared.documents,
            embed=pipeline.embedder.embed,
            progress=progress,
            cancel=cancel,
        )
    except BaseException as error:
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        runs.finish_run(run_id, status, seconds=seconds_before, error=str(error) or type(error).__name__)
        raise
    runs.finish_run(run_id, outcome.status, seconds=seconds_before + outcome.seconds, memory=outcome.memory)
    return outcome


def load_summary(store: Store, run_id: str) -> dict[str, Any]:
    """The JSON of ``run`` plus settings and provenance.

    Raises:
        UnknownNameError: no such run.
    """
    with RunStore(store) as runs:
        row = runs.load_run(run_id)
    cases = store.query(
        "SELECT status, kind, tags, latency_ms, context_quality FROM cases WHERE run_id = ? ORDER BY position",
        (run_id,),
    )
    scores = store.query("SELECT measure, status, value FROM scores WHERE run_id = ?", (run_id,))
    described = {key: row[key] for key in ("settings", "provenance", "target", "preset", "suite_cases", "suite_hash")}
    return summarise_run(row, cases, scores) | described


def _provenance(prepared: _Prepared, seed: int, limit: int | None) -> dict[str, Any]:
    """What made the run: enough to make it again."""
    from engine.context.coefficients import load_coefficients
    from engine.embedding.weights import SHA256

    return {
        "seed": seed,
        "limit": limit,
        "pass_rules": dict(prepared.suite.pass_rules),
        "cases_hash": hash_suite_files(prepared.suite.path),
        "corpus": prepared.corpus,
        "index_fingerprint": prepared.index_fingerprint,
        "model_sha256": SHA256,
        "quality_model": load_coefficients().provenance.get("date"),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "commit": find_commit(),
        "command": " ".join(sys.argv[1:])[:500],
    }


@functools.cache
def find_commit() -> str | None:
    """The commit of this working tree, with ``+`` when it has changes; None outside a checkout."""
    if not (ROOT / ".git").exists():
        return None
    try:
        head = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return head.stdout.strip() or None
