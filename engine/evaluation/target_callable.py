"""A target that is a Python callable, in worker processes: its crash, leak, hang or exit is its own."""

from __future__ import annotations

import queue
import sys
import threading
import time
from typing import Any

from engine.errors import TargetError
from engine.evaluation.foreign_answers import AnswerBuilder
from engine.evaluation.target_replies import Reply, describe_shape, read_reply
from engine.evaluation.target_specs import TargetSpec
from engine.evaluation.targets import History, limit_seconds
from engine.evaluation.worker_process import Log, WorkerProcess
from engine.operations.memory import LeakDetector
from engine.types import Answer, Gap

KEPT_SAMPLES = 10_000


def log_to_stderr(line: str) -> None:
    """A line into the log of the run, which is this process' stderr."""
    print(line, file=sys.stderr, flush=True)


class CallableTarget:
    """A callable in as many worker processes as its concurrency. Safe to use from several threads."""

    def __init__(self, spec: TargetSpec, builder: AnswerBuilder, log: Log = log_to_stderr) -> None:
        """Start the first worker.

        Raises:
            TargetError: the callable cannot be imported.
        """
        assert spec.call is not None
        self.name, self.concurrency = spec.name, spec.limits.concurrency
        self._spec, self._builder, self._log = spec, builder, log
        self._lock = threading.Lock()
        self._gives_contexts = False
        self._restarts, self._peak_mb = 0, 0.0
        self._samples: list[tuple[float, float]] = []
        self._closed, self.last_shape = False, ""
        self._working: set[WorkerProcess] = set()
        # A place in the pool is a worker, living or dead, or None for one that was not needed yet.
        self._idle: queue.LifoQueue[WorkerProcess | None] = queue.LifoQueue()
        for _ in range(self.concurrency - 1):
            self._idle.put(None)
        self._idle.put(self._start())

    def ask(self, question: str, history: History = ()) -> Answer:
        """Calls the callable.

        Raises:
            TargetError: it raised, hung, ended its process or returned something else than agreed.
        """
        reply, seconds = self.call(question, history)
        gap = None
        if reply.contexts is not None:
            self._gives_contexts = True
        elif self._gives_contexts:
            gap = Gap("the callable returned contexts before, and none this time")
        else:
            gap = Gap("the target returns no contexts", fails=False)
        milliseconds = 1000 * seconds
        return self._builder.build(question, reply, {"call": milliseconds, "total": milliseconds}, gap)

    def call(self, question: str, history: History = ()) -> tuple[Reply, float]:
        """What the callable returned, read, and its seconds."""
        worker = self._idle.get()
        try:
            if worker is None or not worker.alive:
                worker = self._restart(worker)
            turns = [(asked, answered) for asked, answered in history]
            values, seconds = worker.ask(question, turns, limit_seconds(self._spec.limits.timeout_s))
        finally:
            self._note(worker)
            self._idle.put(worker)
        self.last_shape = describe_shape(values)
        return read_reply(values, {}, values), seconds

    def describe(self) -> dict[str, Any]:
        """Workers, how often one was started anew, their memory in MB, and whether the last one leaks."""
        samples = list(self._samples)
        leak = LeakDetector().check([at for at, _ in samples], [mb for _, mb in samples])
        return {
            "workers": self.concurrency,
            "restarts": self._restarts,
            "rss_mb": round(samples[-1][1], 1) if samples else None,
            "peak_mb": round(self._peak_mb, 1),
            "leak": {"leaking": leak.leaking, "growth_mb": round(leak.growth_mb, 1), "reason": leak.reason},
        }

    def close(self) -> None:
        """Ends the workers, also one that is at work for somebody who has given it up."""
        with self._lock:
            self._closed = True
            working = list(self._working)
        while not self._idle.empty():
            if idle := self._idle.get_nowait():
                idle.end()
        for worker in working:
            worker.kill()

    def _start(self) -> WorkerProcess:
        assert self._spec.call is not None
        worker = WorkerProcess(self._spec.call, self._spec.limits, self._log)
        with self._lock:
            self._working.add(worker)
            closed = self._closed
        if closed:
            worker.end()
            raise TargetError(f"{self.name} was closed.", "Start the run again.")
        return worker

    def _restart(self, dead: WorkerProcess | None) -> WorkerProcess:
        if dead is not None:
            dead.end()
            with self._lock:
                self._working.discard(dead)
                self._restarts += 1
        return self._start()

    def _note(self, worker: WorkerProcess | None) -> None:
        if worker is None:
            return
        with self._lock:
            self._peak_mb = max(self._peak_mb, worker.peak_mb)
            self._samples = [*self._samples[-KEPT_SAMPLES:], (time.monotonic(), worker.rss_mb)]
