"""Where the calls are made: in this process, or for many of them in a few processes of their own.

litellm and instructor spend some 4 ms of processor time on a call, so one process cannot keep 16 calls of 50 ms in
flight. Starting one takes seconds: it pays from some hundred calls on.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count, pairwise
from pathlib import Path
from types import TracebackType

from engine.errors import PhasegateError
from engine.evaluation.judging.asking import Caller
from engine.evaluation.judging.specs import JudgeSpec
from engine.evaluation.judging.worker import LINE
from engine.evaluation.measures.ragas_calls import CallReply, ModelCaller

MANY = 300  # scores from which two processes of their own pay
VERY_MANY = 1_000  # and from which four do: each has fewer calls that wait for one another
PROCESSES = 4
LEAST_SLOTS = 4  # calls in flight for which a process is worth its start
START_S = 120.0


@asynccontextmanager
async def open_caller(spec: JudgeSpec, scores: int) -> AsyncIterator[Caller]:
    """Something that makes a judge's calls, for about so many scores. It loads at the first call: none may come."""
    judgements = scores * spec.repeats
    wanted = 1 if judgements < MANY else PROCESSES // 2 if judgements < VERY_MANY else PROCESSES
    processes = min(wanted, 2 * (os.cpu_count() or 1), spec.concurrency // LEAST_SLOTS)
    if processes < 2:
        callers: list[ModelCaller | RemoteCaller] = [ModelCaller(spec, spec.concurrency)]
    else:
        ends = [spec.concurrency * i // processes for i in range(processes + 1)]
        callers = [RemoteCaller(spec, last - first) for first, last in pairwise(ends)]
    async with AsyncExitStack() as stack:
        yield _LoadedOnce(callers, stack)


class _LoadedOnce:
    """Gives each question to the caller with the most room; enters them all when the first question comes."""

    def __init__(self, callers: Sequence[ModelCaller | RemoteCaller], stack: AsyncExitStack) -> None:
        self._callers, self._stack = callers, stack
        self._loading: asyncio.Future[object] | None = None

    async def call(self, prompt: str, schema: str) -> CallReply:
        """Ask once."""
        if self._loading is None:
            self._loading = asyncio.gather(*(self._stack.enter_async_context(caller) for caller in self._callers))
        await asyncio.shield(self._loading)
        return await min(self._callers, key=lambda caller: caller.load).call(prompt, schema)


class RemoteCaller:
    """A worker process. One that dies is started again by the next question."""

    def __init__(self, spec: JudgeSpec, slots: int) -> None:
        self._spec, self._slots = spec, slots
        self._waiting: dict[int, asyncio.Future[CallReply]] = {}
        self._numbers = count()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    @property
    def load(self) -> float:
        """Questions that wait, for each call that may be in flight."""
        return len(self._waiting) / self._slots

    async def __aenter__(self) -> RemoteCaller:
        await self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()  # it holds nothing that would be lost
            await self._process.wait()
        if self._reading:
            await self._reading

    async def call(self, prompt: str, schema: str) -> CallReply:
        """Ask once."""
        async with self._starting:
            if self._process is None:
                await self._start()
        assert self._process is not None and self._process.stdin is not None
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._send({"id": number, "prompt": prompt, "schema": schema})
            return await future
        finally:
            self._waiting.pop(number, None)

    def _send(self, message: dict[str, object]) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _start(self) -> None:
        root = str(Path(__file__).resolve().parents[3])
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "engine.evaluation.judging.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE,
            start_new_session=True,  # Ctrl-C is for the process that asks; this one ends when its stdin does
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._send({"judge": self._spec.as_json(), "slots": self._slots})
        assert self._process.stdout is not None
        try:
            ready = await asyncio.wait_for(self._process.stdout.readline(), START_S)
        except TimeoutError:
            ready = b""
        if not ready:
            raise PhasegateError(
                "A process that asks the judge did not start.",
                "Try the judge to see why: python -m engine judges --try NAME. Then go on.",
            )
        if problem := json.loads(ready).get("error"):
            raise PhasegateError(problem, json.loads(ready)["hint"])
        self._reading = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            reply = json.loads(line)
            future = self._waiting.get(reply.pop("id"))
            if future and not future.done():
                future.set_result(CallReply(**reply))
        if self._process is process:
            self._process = None
        lost = CallReply(error="the process that asked the judge ended", may_pass=True)
        for future in self._waiting.values():
            if not future.done():
                future.set_result(lost)
