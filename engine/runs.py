"""A run from end to end: the corpus up to date, the pipeline warm, every case journaled, the summary."""

from __future__ import annotations

import dataclasses
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import InputError
from engine.evaluation.budget import Budget
from engine.evaluation.late_scoring import RETRIED, Judging
from engine.evaluation.recording import StoreRecorder
from engine.evaluation.runner import RunOutcome, run_suite
from engine.evaluation.suites import Suite, load_suite
from engine.evaluation.target_specs import TargetSpec, resolve_target
from engine.evaluation.targets import PipelineTarget
from engine.guard.pii import redact
from engine.judges import check_same_judge, describe_judge, find_judging
from engine.prompt_library import describe_prompts
from engine.run_options import RunOptions
from engine.run_preparation import Prepared, describe_provenance, prepare_suite
from engine.run_summaries import load_summary
from engine.run_targets import check_same_target, load_targets, name_target, open_run_target
from engine.saved_profile import resolve_profile
from engine.settings import PipelineSettings, load_settings
from engine.store import RunStore, Store
from engine.store.liveness import utc_now

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What to run.

    Attributes:
        target: ``pipeline``, a saved target's name, an address, ``module:function`` or a target's file.
        resume: id of a run to go on with; suite, settings, target, limit and seed then come from that run.
        retry: with ``resume``: also ask the cases again that ended in an error, and make failed scores anew.
    """

    suite: str
    overrides: Mapping[str, Any]
    preset: str | None = None
    target: str = "pipeline"
    limit: int | None = None
    seed: int = 0
    options: RunOptions = field(default_factory=RunOptions)
    resume: str | None = None
    retry: bool = False
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One attempt at one run: all that does not change while it works."""

    prepared: Prepared
    settings: PipelineSettings
    target: TargetSpec
    options: RunOptions
    limit: int | None
    seed: int
    earlier: Sequence[Mapping[str, Any]] = ()
    retried: Sequence[str] = ()
    seconds_before: float = 0.0
    spent_usd: float = 0.0


def run_request(
    store: Store, request: RunRequest, progress: Progress | None = None, cancel: threading.Event | None = None
) -> dict[str, Any]:
    """Run or resume, and give the run's summary; of several repetitions the first's, with ``repetitions`` beside it.

    Raises:
        InputError: the suite, a case, a setting or the run to resume cannot be used; nothing was recorded.
    """
    if request.limit is not None and request.limit < 1:
        raise InputError(f"--limit {request.limit}: expected 1 or more.")
    suite = load_suite(request.suite)
    with RunStore(store) as runs:
        if request.resume:
            first = _resume(store, runs, suite, request, request.resume, progress, cancel)
        else:
            first = _start(store, runs, suite, request, progress, cancel)
        options = RunOptions.from_json(first["options"])
        if options.repetitions == 1 or options.repetition > 1:
            return first
        return _repeat(store, runs, suite, request, first, options, progress, cancel)


def make_run_id(suite: str) -> str:
    """A new run's id: suite, time (UTC) and four random hex digits."""
    return f"{suite[:40]}-{utc_now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _start(
    store: Store,
    runs: RunStore,
    suite: Suite,
    request: RunRequest,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> dict[str, Any]:
    target = resolve_target(request.target, load_targets(store))
    settings = load_settings(request.preset, suite.settings, request.overrides)
    judging = find_judging(store, request.options.choose_measures(suite.measures), request.options.judge, suite.rubrics)
    prepared = prepare_suite(store, suite, settings, target, progress)
    prompts = describe_prompts(store, settings) if target.kind == "pipeline" else {}
    run_id = request.run_id or make_run_id(suite.name)
    options = request.options
    if options.repetitions > 1 and not options.group:
        options = dataclasses.replace(options, group=run_id)
    runs.create_run(
        run_id=run_id,
        suite=suite.name,
        suite_path=str(suite.path),
        suite_hash=prepared.suite.hash,
        suite_cases=len(suite.cases),
        target=target.name,
        preset=request.preset,
        settings=settings.as_dict(),
        provenance=describe_provenance(prepared, target, request.seed, request.limit, prompts),
        cases=len(suite.cases[: request.limit]),
        options=options.as_json() | describe_judge(judging),
    )
    attempt = _Attempt(
        prepared=prepared,
        settings=settings,
        target=target,
        options=options,
        limit=request.limit,
        seed=request.seed,
    )
    _execute(store, runs, run_id, attempt, judging, progress, cancel)
    return load_summary(store, run_id)


def _repeat(
    store: Store,
    runs: RunStore,
    suite: Suite,
    request: RunRequest,
    first: dict[str, Any],
    options: RunOptions,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> dict[str, Any]:
    """The repetitions after the first: each a run of its own, started or gone on with."""
    group, ids = first["run_id"], [first["run_id"]]
    known = {
        row["run_id"] for row in store.query("SELECT run_id FROM runs WHERE starts_with(run_id, ?)", [f"{group}-r"])
    }
    last = first
    for repetition in range(2, options.repetitions + 1):
        if last["status"] != "finished":
            break
        run_id = f"{group}-r{repetition}"
        again = dataclasses.replace(options, repetition=repetition)
        one = dataclasses.replace(request, options=again, run_id=run_id, resume=None)
        if run_id in known:
            last = _resume(store, runs, suite, one, run_id, progress, cancel)
        else:
            row = runs.load_run(group)
            one = dataclasses.replace(one, preset=row["preset"], limit=row["provenance"]["limit"])
            one = dataclasses.replace(one, seed=row["provenance"]["seed"], overrides=row["settings"])
            one = dataclasses.replace(one, target=name_target(row))
            last = _start(store, runs, suite, one, progress, cancel)
        ids.append(run_id)
    return first | {"status": last["status"], "repetitions": ids}


def _resume(
    store: Store,
    runs: RunStore,
    suite: Suite,
    request: RunRequest,
    run_id: str,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> dict[str, Any]:
    row = runs.load_run(run_id)
    if row["suite"] != suite.name:
        raise InputError(f"run {run_id} is one of the suite {row['suite']!r}, not of {suite.name!r}.")
    if row["status"] == "running":
        raise InputError(f"run {run_id} is still running.", "Wait for it, or stop it first.")
    if row["status"] == "finished" and not request.retry:
        return load_summary(store, run_id)
    options = RunOptions.from_json(row["options"]).merge(request.options)
    settings = PipelineSettings().with_values(row["settings"])
    target = resolve_target(name_target(row), load_targets(store))
    judging = find_judging(store, options.choose_measures(suite.measures), options.judge, suite.rubrics)
    check_same_judge(run_id, row["options"], judging)
    prepared = prepare_suite(store, suite, settings, target, progress)
    if prepared.suite.hash != row["suite_hash"]:
        raise InputError(
            f"suite {suite.name!r}: its cases or documents have changed since run {run_id} began.",
            f"Start a new run: python -m engine run {suite.path}",
        )
    check_same_target(row, target)
    earlier = [case for case in runs.load_cases(run_id) if case["status"] != "error"]
    runs.resume_run(run_id, options.as_json() | describe_judge(judging))
    attempt = _Attempt(
        prepared=prepared,
        settings=settings,
        target=target,
        options=options,
        limit=row["provenance"]["limit"],
        seed=row["provenance"]["seed"],
        earlier=earlier,
        retried=RETRIED if request.retry else (),
        seconds_before=row["seconds"] or 0.0,
        spent_usd=row["cost_usd"] or 0.0,
    )
    _execute(store, runs, run_id, attempt, judging, progress, cancel)
    return load_summary(store, run_id)


def _execute(
    store: Store,
    runs: RunStore,
    run_id: str,
    attempt: _Attempt,
    judging: Judging | None,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> RunOutcome:
    options, before = attempt.options, attempt.seconds_before
    kept = resolve_profile(store).profile
    budget = Budget(options.budget_usd, options.budget_minutes, spent_usd=attempt.spent_usd, spent_seconds=before)
    try:
        spec = attempt.target.with_timeout(options.case_timeout_s)
        with open_run_target(attempt.prepared, spec, attempt.settings) as (target, embed):
            outcome = run_suite(
                attempt.prepared.suite,
                target,
                attempt.settings,
                StoreRecorder(store, runs, run_id, before, redact if "stored" in kept.redact_pii else None),
                options.choose_measures(attempt.prepared.suite.measures),
                run_id=run_id,
                limit=attempt.limit,
                seed=attempt.seed,
                earlier=attempt.earlier,
                retried=attempt.retried,
                documents=attempt.prepared.documents,
                embed=embed,
                case_timeout_s=options.case_timeout_s,
                budget=budget,
                judging=judging,
                progress=progress,
                cancel=cancel,
            )
            beside = {} if isinstance(target, PipelineTarget) else target.describe()
    except BaseException as error:
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        said = str(error) or type(error).__name__
        runs.finish_run(run_id, status, seconds=before, error=said, cost_usd=budget.spent_usd)
        raise
    runs.finish_run(
        run_id,
        outcome.status,
        seconds=before + outcome.seconds,
        memory={**outcome.memory, "target": beside} if beside else outcome.memory,
        error=f"Stopped: {outcome.reason}." if outcome.reason else None,
        cost_usd=outcome.cost_usd,
    )
    return outcome
