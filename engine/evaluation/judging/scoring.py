"""Scores by a judge: every (case, measure) by itself, bounded in its calls, stoppable, repeated as often as asked."""

from __future__ import annotations

import asyncio
import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from statistics import fmean

from engine.evaluation.judging.specs import JudgeSpec
from engine.evaluation.judging.tasks import AnswerRow, JudgeCache, JudgeReport, JudgeTask
from engine.evaluation.measures.measure import Score, combine_scores
from engine.evaluation.measures.ragas import Embed

OnScore = Callable[[str, str, Score], None]
AHEAD = 2  # scores at work for each call in flight, so that the next question is ready when a call ends
KEPT_AT_ONCE = 64  # answers written to the cache together
POLL_S = 0.1


def score_by_judge(
    tasks: Sequence[JudgeTask],
    spec: JudgeSpec,
    cache: JudgeCache | None,
    on_score: OnScore,
    *,
    cancel: threading.Event | None = None,
    may_spend: Callable[[float], bool] | None = None,
    embed: Embed | None = None,
) -> JudgeReport:
    """Ask a judge for the scores of all tasks; returns when each has ended or nothing more may be asked.

    A bad reply, a refusal or a timeout fails that one score, with the reason, after the attempts that the judge is
    allowed. What was answered is in the cache before this returns or raises, so that asking again asks for the rest
    alone. Ctrl-C stops like ``cancel`` and is raised again.

    Args:
        on_score: told of each (case, measure) as it ends, from the calling thread.
        cancel: set it to stop; scores that had not ended are not told.
        may_spend: counts a cost in USD and says whether more may be asked. Calls in flight are let go to their end,
            so that as many calls as ``spec.concurrency`` may go beyond a budget.
        embed: texts to vectors, for answer relevancy; called from other threads.

    Raises:
        SettingError: the key's variable is not set.
        PhasegateError: a process that asks the judge cannot be started; or whatever ``on_score`` or the cache raised.
    """
    spec.check_key()
    if not tasks:
        return JudgeReport(asked=0, answered=0, failed=0, cached=0, calls=0, cost_usd=None, seconds=0.0)
    stop, events = threading.Event(), queue.SimpleQueue[tuple[str, object]]()
    run = _Judging(tasks, spec, cache, events, stop, may_spend or (lambda _: True), embed)
    pending: list[AnswerRow] = []
    with ThreadPoolExecutor(1) as pool:  # a notebook's thread has an event loop already
        work = pool.submit(asyncio.run, run.score_all())
        try:
            for kind, value in _receive(events, work, cancel, stop):
                if kind == "score":
                    on_score(*value)  # type: ignore[misc]
                elif isinstance(value, dict):
                    pending.append(value)  # type: ignore[arg-type]
                if cache and pending and (kind == "idle" or len(pending) >= KEPT_AT_ONCE):
                    cache.keep_answers(pending)
                    pending = []
        finally:
            stop.set()
            pending += _drain_answers(events, work)
            if cache and pending:
                cache.keep_answers(pending)
        work.result()
    if cancel and cancel.is_set() and not run.stopped and run.answered < len(tasks):
        run.stopped = "cancelled"
    return run.report()


def _receive(
    events: queue.SimpleQueue[tuple[str, object]],
    work: Future[None],
    cancel: threading.Event | None,
    stop: threading.Event,
) -> Iterator[tuple[str, object]]:
    """What the judging thread tells, in order; ``idle`` when it has told nothing for a moment."""
    while True:
        try:
            yield events.get(timeout=POLL_S)
        except queue.Empty:
            if work.done() and events.empty():
                return
            yield "idle", None
        if cancel and cancel.is_set():
            stop.set()


def _drain_answers(events: queue.SimpleQueue[tuple[str, object]], work: Future[None]) -> list[AnswerRow]:
    work.exception()  # waits
    rows = []
    while not events.empty():
        kind, value = events.get()
        if kind == "answer":
            rows.append(value)
    return rows  # type: ignore[return-value]


class _Judging:
    """One run of ``score_by_judge``, in the thread of its event loop."""

    def __init__(
        self,
        tasks: Sequence[JudgeTask],
        spec: JudgeSpec,
        cache: JudgeCache | None,
        events: queue.SimpleQueue[tuple[str, object]],
        stop: threading.Event,
        may_spend: Callable[[float], bool],
        embed: Embed | None,
    ) -> None:
        self._tasks, self._spec, self._cache = tasks, spec, cache
        self._events, self._stop, self._embed = events, stop, embed
        self._spend, self._began = may_spend, time.monotonic()
        self.answered = self.failed = self.calls = self.cached = 0
        self.cost_usd: float | None = None
        self.stopped = ""

    async def score_all(self) -> None:
        """Score every task, a bounded number at a time."""
        from engine.evaluation.judging.asking import Asker
        from engine.evaluation.judging.calling import open_caller
        from engine.evaluation.measures.ragas_judged import build_metrics

        names = sorted({task.measure for task in self._tasks})
        async with open_caller(self._spec, len(self._tasks)) as caller:
            self._began = time.monotonic()
            asker = Asker(self._spec, caller, self._cache, self._keep, self._may_spend)
            self._metrics = build_metrics(names, self._spec, asker.ask, self._embed)
            waiting = iter(self._tasks)
            workers = [
                asyncio.create_task(self._work(waiting))
                for _ in range(min(len(self._tasks), AHEAD * self._spec.concurrency))
            ]
            watch = asyncio.create_task(self._watch(workers))
            try:
                await asyncio.gather(*workers)
            except asyncio.CancelledError:
                if not self._stop.is_set():
                    raise
            finally:
                watch.cancel()
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
                self.calls, self.cached = asker.calls, asker.cached
                self.cost_usd = None if asker.unpriced else asker.cost_usd
                self._seconds = time.monotonic() - self._began

    def report(self) -> JudgeReport:
        """What it came to."""
        return JudgeReport(
            asked=len(self._tasks),
            answered=self.answered,
            failed=self.failed,
            cached=self.cached,
            calls=self.calls,
            cost_usd=self.cost_usd,
            seconds=self._seconds,
            stopped=self.stopped,
        )

    async def _watch(self, workers: Sequence[asyncio.Task[None]]) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(POLL_S)
        for worker in workers:
            worker.cancel()

    async def _work(self, waiting: Iterator[JudgeTask]) -> None:
        from engine.evaluation.judging.asking import StoppedError

        for task in waiting:
            if self._stop.is_set():
                return
            try:
                score = await self._score(task)
            except StoppedError:
                return
            self.answered += 1
            self.failed += score.status == "failed"
            self._events.put(("score", (task.case_id, task.measure, score)))

    async def _score(self, task: JudgeTask) -> Score:
        from engine.evaluation.judging.asking import TURN, Turn
        from engine.evaluation.measures.ragas_judged import score_sample

        metric = self._metrics[task.measure]
        turns, scores = [], []
        for repetition in range(self._spec.repeats):
            turns.append(Turn(repetition))
            TURN.set(turns[-1])
            parts = [await score_sample(task.measure, metric, sample) for sample in task.samples]
            scores.append(combine_scores(parts))
            if scores[-1].status != "scored":
                break
        combined = combine_repetitions(scores)
        costs = [turn.cost_usd for turn in turns if turn.cost_usd is not None]
        priced = bool(costs) and not any(turn.unpriced for turn in turns)
        return dataclasses.replace(
            combined,
            judge=self._spec.name,
            prompt_hash=metric.prompt_hash,
            cost_usd=sum(costs) if priced else None,
        )

    def _keep(self, row: AnswerRow) -> None:
        self._events.put(("answer", row))

    def _may_spend(self, usd: float) -> bool:
        if not self._spend(usd):
            self.stopped = "budget"
            return False
        return not self._stop.is_set()


def combine_repetitions(scores: Sequence[Score]) -> Score:
    """One score from its repetitions: their mean. One that failed fails it, for a mean of the rest would be biased."""
    last = scores[-1]
    values = tuple(score.value for score in scores if score.value is not None)
    if last.status == "failed" and len(scores) > 1:
        return dataclasses.replace(last, reason=f"repetition {len(scores)}: {last.reason}")
    if last.status != "scored":
        return last
    spread = f"{len(values)} repetitions, {min(values):.3g} to {max(values):.3g}. " if len(values) > 1 else ""
    return dataclasses.replace(Score.of(fmean(values), spread + scores[0].reason), repeats=values)
