"""A sweep from end to end: the suite in the lab, every setting scored and journaled, the best held against unseen cases."""

from __future__ import annotations

import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InputError, SettingError
from engine.evaluation.sweep_choice import Halves, Resampler, split_cases
from engine.evaluation.sweep_plan import SweepPlan, SweepRequest, load_swept_suite, plan_sweep, restore_plan
from engine.evaluation.sweep_search import build_search
from engine.evaluation.sweep_space import combine, key_of
from engine.evaluation.sweeps import BASELINE, GOALS, read_score
from engine.run_preparation import find_commit
from engine.runs import make_run_id
from engine.store import Store, SweepStore
from engine.sweep_results import conclude, load_summary

if TYPE_CHECKING:
    from engine.tuning import Lab, SuiteFigures

Progress = Callable[[int, int, str], None]
BEAT_SECONDS = 5.0
MESSAGE_SECONDS = 0.5
DIGITS = 5


def run_sweep(store: Store, request: SweepRequest, progress: Progress | None = None) -> dict[str, Any]:
    """Run or resume a sweep, and give its summary. Ctrl-C ends it with the status ``interrupted``.

    Raises:
        InputError: something asked for cannot be used.
    """
    sweeps = SweepStore(store)
    if request.resume:
        return _resume(store, sweeps, request, progress)
    plan = plan_sweep(request)
    sweep_id = request.sweep_id or make_run_id(f"sweep-{plan.suite.name}")
    sweeps.create_sweep(
        sweep_id=sweep_id,
        suite=plan.suite.name,
        suite_path=str(plan.suite.path),
        suite_hash=plan.suite.hash,
        search=plan.search,
        goal=plan.goal,
        space=[dimension.as_json() for dimension in plan.space],
        base=plan.base.as_dict(),
        options={
            "seed": plan.seed,
            "limit": plan.limit,
            "trials": plan.trials,
            "preset": request.preset,
            "overrides": dict(request.overrides),
        },
        provenance=_provenance(),
        planned=plan.planned,
        message="opening the suite",
    )
    return _execute(store, sweeps, sweep_id, plan, 0.0, progress)


def _resume(store: Store, sweeps: SweepStore, request: SweepRequest, progress: Progress | None) -> dict[str, Any]:
    if request.grid:
        raise InputError("--grid and --resume exclude each other: a resumed sweep goes on as it was begun.")
    row = sweeps.load_sweep(str(request.resume))
    sweep_id, suite = row["sweep_id"], load_swept_suite(request.suite)
    if row["suite"] != suite.name:
        raise InputError(f"sweep {sweep_id} is one of the suite {row['suite']!r}, not of {suite.name!r}.")
    if row["status"] == "running":
        raise InputError(f"sweep {sweep_id} is still running.", "Wait for it, or stop it first.")
    if row["status"] == "finished":
        return load_summary(store, sweep_id)
    if row["suite_hash"] != suite.hash:
        raise InputError(
            f"suite {suite.name!r}: its cases have changed since sweep {sweep_id} began.",
            f"Start a new sweep: python -m engine sweep {suite.path} --grid ...",
        )
    plan = restore_plan(row, suite)
    sweeps.resume_sweep(sweep_id)
    return _execute(store, sweeps, sweep_id, plan, row["seconds"] or 0.0, progress)


def _execute(
    store: Store, sweeps: SweepStore, sweep_id: str, plan: SweepPlan, before: float, progress: Progress | None
) -> dict[str, Any]:
    began = time.monotonic()
    status, error = "failed", None
    try:
        with _beating(sweeps, sweep_id, began - before):
            _try_all(sweeps, sweep_id, plan, progress)
        status = "finished"
    except KeyboardInterrupt:
        status = "interrupted"
    except BaseException as failure:
        error = str(failure) or type(failure).__name__
        raise
    finally:
        result = conclude(sweeps, sweep_id)
        sweeps.finish_sweep(sweep_id, status, seconds=time.monotonic() - began + before, result=result, error=error)
    return load_summary(store, sweep_id)


def _try_all(sweeps: SweepStore, sweep_id: str, plan: SweepPlan, progress: Progress | None) -> None:
    from engine.tuning import open_lab

    report = _report(sweeps, sweep_id, progress)
    lab = open_lab(plan.suite.path, plan.base, report)
    cases = _asked(lab, plan)
    halves = _split(lab, cases, plan.seed)
    sweeps.update_sweep(
        sweep_id,
        cases=len(cases),
        halves={"choosing": halves.choosing.tolist(), "held_out": halves.held_out.tolist()},
        embedded=lab.embedded,
        reused=lab.reused,
    )
    with _Trials(sweeps, sweep_id, plan, lab, cases, halves) as trials:
        trials.evaluate({d.name: getattr(plan.base, d.name) for d in plan.space})
        if trials.score_of_baseline() is None:
            raise InputError(
                f"suite {plan.suite.name!r}: none of its {len(cases)} questions has a {plan.goal}, so it cannot choose.",
                f"Choose another with --measure: {', '.join(g for g in GOALS if g != plan.goal)}.",
            )
        search = build_search(plan.search, plan.space, plan.seed)
        while trials.wants_more():
            values = search.ask()
            if values is None:
                break
            score = trials.evaluate(values)
            search.tell(score)
            report(trials.done, plan.planned, trials.words)


class _Trials:
    """Evaluates settings that the journal does not have yet, and journals them.

    A trial is written while the next one is computed, so a process that is killed loses one finished trial at most.
    """

    def __init__(
        self, sweeps: SweepStore, sweep_id: str, plan: SweepPlan, lab: Lab, cases: Sequence[int], halves: Halves
    ) -> None:
        self._sweeps, self._sweep_id, self._plan, self._lab = sweeps, sweep_id, plan, lab
        self._cases, self._choosing = cases, halves.choosing
        self._unanswerable = [i for i, place in enumerate(cases) if lab.cases[place].unanswerable]
        self._resampler = Resampler(len(halves.choosing), plan.seed)
        journaled = sweeps.load_trials(sweep_id)
        self._known = {key_of(plan.base, t["settings"]): self._score(t) for t in journaled}
        self._next = max((t["number"] for t in journaled), default=BASELINE - 1) + 1
        self._finished = sum(t["status"] == "finished" for t in journaled)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="trial-journal")
        self._written: Future[None] | None = None
        self.words = ""

    def __enter__(self) -> _Trials:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.shutdown()
        self._await_writing()

    def _await_writing(self) -> None:
        """Waits until the last trial is durable; raises what stood in its way."""
        written, self._written = self._written, None
        if written is not None:
            written.result()

    @property
    def done(self) -> int:
        """Trials that count towards what was planned; only a grid plans its impossible combinations."""
        return len(self._known) if self._plan.search == "grid" else self._finished

    def wants_more(self) -> bool:
        """Whether more are planned. Combinations that cannot be run are drawn anew, but not for ever."""
        impossible = len(self._known) - self._finished
        return self.done < self._plan.planned and impossible <= 4 * self._plan.planned + 20

    def score_of_baseline(self) -> float | None:
        """The goal on the choosing half with the settings that the sweep starts from."""
        return self._known[key_of(self._plan.base, {})]

    def evaluate(self, values: Mapping[str, Any]) -> float | None:
        """The goal on the choosing half; None where the combination cannot be run."""
        key = key_of(self._plan.base, values)
        if key not in self._known:
            row = self._measure(values)
            self._await_writing()
            record = partial(self._sweeps.record_trial, self._sweep_id, number=self._next, settings=values, **row)
            self._written = self._writer.submit(record)
            self._next += 1
            self._finished += row["status"] == "finished"
            self._known[key] = self._score(row)
        return self._known[key]

    def _measure(self, values: Mapping[str, Any]) -> dict[str, Any]:
        try:
            figures = self._lab.evaluate(combine(self._plan.base, values), self._cases)
        except SettingError as error:
            self.words = "skipped"
            return {"status": "skipped", "reason": error.message}
        per_case = {name: np.array(v, dtype=float) for name, v in figures.per_case.items()}
        per_case["quality"][self._unanswerable] = np.nan  # there a high quality is a fault
        measures = self._resampler.summarise({name: v[self._choosing] for name, v in per_case.items()})
        self.words = f"{self._plan.goal} {measures[self._plan.goal]['mean'] or 0.0:.3f}"
        return {"status": "finished", "measures": measures, **_row_of(figures, per_case)}

    def _score(self, trial: Mapping[str, Any]) -> float | None:
        return read_score(trial, self._plan.goal) if trial["status"] == "finished" else None


def _row_of(figures: SuiteFigures, per_case: Mapping[str, np.ndarray]) -> dict[str, Any]:
    return {
        "per_case": {
            name: [None if np.isnan(x) else round(float(x), DIGITS) for x in values]
            for name, values in per_case.items()
        },
        "chunks": int(figures.chunks),
        "latency_ms": None if figures.latency_ms is None else float(figures.latency_ms),
        "cost_usd": None if figures.cost_usd is None else float(figures.cost_usd),
        "exact": bool(figures.exact),
        "seconds": float(figures.seconds),
    }


def _asked(lab: Lab, plan: SweepPlan) -> list[int]:
    """Places of the questions: those of the first ``limit`` cases, a conversation with all its turns."""
    groups = list(dict.fromkeys(_group(case.id) for case in lab.cases))[: plan.limit]
    allowed = set(groups)
    return [place for place, case in enumerate(lab.cases) if _group(case.id) in allowed]


def _split(lab: Lab, cases: Sequence[int], seed: int) -> Halves:
    """Halves alike in their first tag, else in their documents, and in how many questions have no answer."""
    asked = [lab.cases[place] for place in cases]
    strata = [
        f"{case.unanswerable} {case.tags[0] if case.tags else case.gold[0].document if case.gold else ''}"
        for case in asked
    ]
    return split_cases([_group(case.id) for case in asked], strata, seed)


def _group(case_id: str) -> str:
    """The case that a turn belongs to: ``talk`` of ``talk#2``."""
    name, sign, turn = case_id.rpartition("#")
    return name if sign and turn.isdigit() else case_id


def _report(sweeps: SweepStore, sweep_id: str, progress: Progress | None) -> Progress:
    """Shows progress, and keeps a line of it in the store now and then."""
    last = 0.0

    def report(done: int, total: int, message: str) -> None:
        nonlocal last
        if progress:
            progress(done, total, message)
        if time.monotonic() - last >= MESSAGE_SECONDS:
            last = time.monotonic()
            sweeps.update_sweep(sweep_id, message=f"{message}: {done} of {total}" if total else message)

    return report


@contextmanager
def _beating(sweeps: SweepStore, sweep_id: str, began: float) -> Iterator[None]:
    """Says every few seconds that the sweep is alive, however long one step takes."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_SECONDS):
            sweeps.update_sweep(sweep_id, seconds=time.monotonic() - began)

    thread = threading.Thread(target=beat, name="sweep-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _provenance() -> dict[str, Any]:
    from engine.embedding.weights import SHA256

    return {
        "model_sha256": SHA256,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "commit": find_commit(),
        "command": " ".join(sys.argv[1:])[:500],
    }
