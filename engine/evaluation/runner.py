"""Runs a suite against a target: case by case, journaled, stoppable, resumable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from engine.evaluation.budget import Budget
from engine.evaluation.case_results import CaseResult, run_case
from engine.evaluation.journal import Journal, Recorder
from engine.evaluation.late_scoring import Judging, LateScoring
from engine.evaluation.measures import Chosen, Measure, select_measures
from engine.evaluation.measures.ragas import Embed
from engine.evaluation.suites import Case, Suite
from engine.evaluation.targets import Target
from engine.operations.memory import MemorySampler
from engine.settings import PipelineSettings

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """How a run, or one resume of it, ended. ``done`` counts cases over all resumes, ``seconds`` this one alone.

    ``reason``: why it stopped before its end, where its budget did that; ``cost_usd`` is that of all attempts.
    """

    run_id: str
    status: str
    done: int
    total: int
    seed: int
    seconds: float
    memory: Mapping[str, Any]
    results: tuple[CaseResult, ...]
    reason: str = ""
    cost_usd: float = 0.0


def run_suite(
    suite: Suite,
    target: Target,
    settings: PipelineSettings,
    recorder: Recorder,
    measures: Sequence[str] | None = None,
    *,
    run_id: str,
    limit: int | None = None,
    seed: int = 0,
    skip: Collection[str] = (),
    earlier: Sequence[Mapping[str, Any]] = (),
    retried: Collection[str] = (),
    documents: Mapping[str, str] | None = None,
    embed: Embed | None = None,
    concurrency: int | None = None,
    case_timeout_s: float | None = None,
    budget: Budget | None = None,
    judging: Judging | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> RunOutcome:
    """Asks every case, scores it, journals it; then scores what is cheaper together or needs a judge.

    A case's exception is that case's error. ``cancel``, Ctrl-C or a used-up budget stops after the case at hand; what
    has ended is kept and gets its bulk scores too (a second Ctrl-C leaves them for the resume).

    Args:
        settings: choose the embedding model of semantic similarity when ``embed`` is not given.
        measures: names; by default the suite's.
        limit: the first so many cases of the suite only.
        seed: kept in the outcome, for the summary's bootstrap; cases are asked in the file's order whatever it is.
        skip: ids of cases that ended before, on a resume.
        earlier: those cases as in the JSON of ``cases``; measures that they lack are scored. They are skipped too.
        retried: statuses of earlier scores that are made anew.
        documents: the corpus' texts by id; token measures and ragas' context measures need them.
        concurrency: cases at once, by default the target's.
        case_timeout_s: what a case has for all of its turns; over it, the case is an error.
        budget: what the run may cost and last, over all of its attempts.
        judging: who scores the measures that need a judge; without one they stay unjudged.

    Raises:
        UnknownNameError: an unknown measure.
        StoreError: the recorder could not keep a case.
    """
    chosen = select_measures(suite.measures if measures is None else measures)
    cases = suite.cases[:limit]
    ended = {*skip, *(row["id"] for row in earlier)}
    todo = [(i, case) for i, case in enumerate(cases) if case.id not in ended]
    before, started = len(cases) - len(todo), time.monotonic()
    stop, budget, results = cancel or threading.Event(), budget or Budget(), []
    say = progress or (lambda *_: None)
    asking = _Asking(target, chosen.quick, documents, case_timeout_s, stop, budget)
    late_ended = False
    with MemorySampler() as memory, Journal(recorder, run_id, before, len(cases)) as journal:
        try:
            for result in asking.run_cases(todo, concurrency or target.concurrency):
                results.append(result)
                journal.add(result)
                say(before + len(results), len(cases), f"{result.case_id} {result.status}")
        except KeyboardInterrupt:
            stop.set()
        rows = [*(_as_stored(r, run_id) for r in results), *earlier]
        late = LateScoring(
            run_id=run_id,
            chosen=chosen,
            journal=journal,
            documents=documents,
            embed=embed or _load_embed(settings, chosen, rows),
            judging=judging,
            budget=budget,
            cancel=stop,
            progress=lambda at, of, words: say(before + len(results), len(cases), f"{words}, {at} of {of}"),
        )
        try:
            late_ended = late.score_missing(rows, again=retried)
        except KeyboardInterrupt:
            stop.set()
    done = before + len(results)
    finished = done == len(cases) and late_ended
    return RunOutcome(
        run_id=run_id,
        status="finished" if finished else "interrupted",
        done=done,
        total=len(cases),
        seed=seed,
        seconds=time.monotonic() - started,
        memory=memory.report().as_json(),
        results=tuple(results),
        reason="" if finished else budget.explain_end(),
        cost_usd=budget.spent_usd,
    )


@dataclass(frozen=True, slots=True)
class _Asking:
    target: Target
    measures: Sequence[Measure]
    documents: Mapping[str, str] | None
    timeout_s: float | None
    stop: threading.Event
    budget: Budget

    def run_cases(self, todo: Sequence[tuple[int, Case]], workers: int) -> Iterator[CaseResult]:
        """Results as they come; stops taking cases when it is told to, or when the budget is used up."""
        if workers <= 1:
            for position, case in todo:
                if self._must_end():
                    return
                yield self._run(case, position)
            return
        pool, waiting, queue = ThreadPoolExecutor(workers), set[Future[CaseResult]](), iter(todo)
        try:
            while True:
                while not self._must_end() and len(waiting) < workers and (entry := next(queue, None)):
                    waiting.add(pool.submit(self._run, entry[1], entry[0]))
                if not waiting:
                    return
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from sorted((future.result() for future in ready), key=lambda r: r.position)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _must_end(self) -> bool:
        return self.stop.is_set() or bool(self.budget.explain_end())

    def _run(self, case: Case, position: int) -> CaseResult:
        result = run_case(case, position, self.target, self.measures, self.documents, self.timeout_s)
        self.budget.spend(result.cost_usd)
        return result


def _as_stored(result: CaseResult, run_id: str) -> dict[str, Any]:
    """A fresh result with what it is scored under, as the JSON of ``cases`` has it."""
    row = result.case_row(run_id)
    return {**row, "id": result.case_id, "scores": {n: {"status": s.status} for n, s in result.scores.items()}}


def _load_embed(settings: PipelineSettings, chosen: Chosen, rows: Sequence[Mapping[str, Any]]) -> Embed | None:
    if "ragas.semantic_similarity" not in chosen.bulk or not rows:
        return None
    from engine.embedding import load_embedder

    return load_embedder(settings).embed
