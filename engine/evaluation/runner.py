"""Runs a suite against a target: case by case, journaled, stoppable, resumable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from engine.evaluation.bulk_scoring import BATCH, find_unscored, score_in_bulk
from engine.evaluation.case_results import CaseResult, run_case
from engine.evaluation.journal import Journal, Recorder
from engine.evaluation.measures import Measure, select_measures
from engine.evaluation.measures.ragas import Embed
from engine.evaluation.suites import Case, Suite
from engine.evaluation.targets import Target
from engine.operations.memory import MemorySampler
from engine.settings import PipelineSettings

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """How a run, or one resume of it, ended. ``done`` counts cases over all resumes, ``seconds`` this one alone."""

    run_id: str
    status: str
    done: int
    total: int
    seed: int
    seconds: float
    memory: Mapping[str, Any]
    results: tuple[CaseResult, ...]


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
    documents: Mapping[str, str] | None = None,
    embed: Embed | None = None,
    concurrency: int | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> RunOutcome:
    """Asks every case, scores it, journals it; then scores in bulk what is cheaper together.

    A case's exception is that case's error. ``cancel`` or Ctrl-C stops after the case at hand; what has ended is kept
    and gets its bulk scores too (a second Ctrl-C leaves them for the resume).

    Args:
        settings: choose the embedding model of semantic similarity when ``embed`` is not given.
        measures: names; by default the suite's.
        limit: the first so many cases of the suite only.
        seed: kept in the outcome, for the summary's bootstrap; cases are asked in the file's order whatever it is.
        skip: ids of cases that ended before, on a resume.
        earlier: those cases as in the JSON of ``cases``; ones without bulk scores get them. Their ids are skipped too.
        documents: the corpus' texts by id; token measures and ragas' context measures need them.
        concurrency: cases at once, by default the target's.

    Raises:
        UnknownNameError: an unknown measure.
        StoreError: the recorder could not keep a case.
    """
    quick, bulk = select_measures(suite.measures if measures is None else measures)
    cases = suite.cases[:limit]
    ended = {*skip, *(row["id"] for row in earlier)}
    todo = [(i, case) for i, case in enumerate(cases) if case.id not in ended]
    done, started = len(cases) - len(todo), time.monotonic()
    stop, results = cancel or threading.Event(), []
    say = progress or (lambda *_: None)
    workers = concurrency or target.concurrency
    with MemorySampler() as memory, Journal(recorder, run_id, done, len(cases)) as journal:
        try:
            for result in _run_cases(todo, target, quick, documents, workers, stop):
                results.append(result)
                journal.add(result)
                say(done + len(results), len(cases), result.case_id)
        except KeyboardInterrupt:
            stop.set()
    done += len(results)
    bulk_ended = False
    try:
        rows = [*(r.case_row(run_id) for r in results), *find_unscored(earlier, bulk)]
        _score_bulk(
            rows, suite, bulk, embed or _load_embed(settings, bulk, rows), documents, recorder, run_id, say, done
        )
        bulk_ended = True
    except KeyboardInterrupt:
        pass
    return RunOutcome(
        run_id=run_id,
        status="finished" if done == len(cases) and bulk_ended else "interrupted",
        done=done,
        total=len(cases),
        seed=seed,
        seconds=time.monotonic() - started,
        memory=memory.report().as_json(),
        results=tuple(results),
    )


def _run_cases(
    todo: Sequence[tuple[int, Case]],
    target: Target,
    measures: Sequence[Measure],
    documents: Mapping[str, str] | None,
    workers: int,
    stop: threading.Event,
) -> Iterator[CaseResult]:
    if workers <= 1:
        for position, case in todo:
            if stop.is_set():
                return
            yield run_case(case, position, target, measures, documents)
        return
    pool, waiting, queue = ThreadPoolExecutor(workers), set[Future[CaseResult]](), iter(todo)
    try:
        while True:
            while not stop.is_set() and len(waiting) < workers and (entry := next(queue, None)):
                waiting.add(pool.submit(run_case, entry[1], entry[0], target, measures, documents))
            if not waiting:
                return
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from sorted((future.result() for future in ready), key=lambda r: r.position)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _score_bulk(
    rows: Sequence[Mapping[str, Any]],
    suite: Suite,
    names: Sequence[str],
    embed: Embed | None,
    documents: Mapping[str, str] | None,
    recorder: Recorder,
    run_id: str,
    say: Progress,
    done: int,
) -> None:
    rows = [row for row in rows if row["kind"] in ("qa", "conversation")] if names else []
    cases = {case.id: case for case in suite.cases}
    for first in range(0, len(rows), BATCH):
        say(done, done, f"scoring with ragas, {first} of {len(rows)}")
        recorder.record_scores(score_in_bulk(rows[first : first + BATCH], cases, names, embed, documents, run_id))


def _load_embed(settings: PipelineSettings, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Embed | None:
    if "ragas.semantic_similarity" not in names or not rows:
        return None
    from engine.embedding import load_embedder

    return load_embedder(settings).embed
