"""Questions to a judge's model: each answered once, from the cache where it can be, tried again where it may pass."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from typing import Protocol

from pydantic import BaseModel
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from engine.evaluation.judging.specs import JudgeSpec
from engine.evaluation.judging.tasks import AnswerRow, JudgeCache
from engine.evaluation.measures.ragas_calls import CallReply, load_schema
from engine.evaluation.measures.ragas_judged import JudgeError, find_miscount

WAIT_S = (0.2, 10.0)  # first pause between attempts, about, and the longest
FRESH = 4096  # answers held in memory


class StoppedError(Exception):
    """Nothing more is asked: the person stopped it, or the budget is used up."""


class Caller(Protocol):
    """One attempt at a question; answers are checked for form and range."""

    async def call(self, prompt: str, schema: str) -> CallReply:
        """Ask once."""
        ...


class Turn:
    """What the questions of one score come to: which repetition it is, what was asked before, and the cost."""

    def __init__(self, repetition: int) -> None:
        self.repetition = repetition
        self.asked: Counter[str] = Counter()
        self.cost_usd: float | None = None
        self.unpriced = False

    def add_cost(self, reply: CallReply) -> None:
        """Count one attempt."""
        if reply.calls:
            self.unpriced = self.unpriced or (reply.cost_usd is None and bool(reply.prompt_tokens))
            if reply.cost_usd is not None:
                self.cost_usd = (self.cost_usd or 0.0) + reply.cost_usd


TURN: ContextVar[Turn] = ContextVar("turn")


class Asker:
    """Asks, within one event loop.

    Args:
        keep: takes each new answer for the cache.
        may_spend: counts a cost in USD and says whether more may be asked.
    """

    def __init__(
        self,
        spec: JudgeSpec,
        caller: Caller,
        cache: JudgeCache | None,
        keep: Callable[[AnswerRow], None],
        may_spend: Callable[[float], bool],
    ) -> None:
        self._spec, self._caller, self._cache = spec, caller, cache
        self._keep, self._may_spend = keep, may_spend
        self._known = cache.known_keys(spec.model) if cache else set()
        self._reader = _CacheReader(cache) if cache else None
        self._asking: dict[str, asyncio.Future[str]] = {}
        self._fresh: OrderedDict[str, str] = OrderedDict()  # answers that may not be in the cache yet
        self.calls = self.cached = 0
        self.cost_usd: float | None = None
        self.unpriced = False

    async def ask(self, prompt: str, schema: str) -> BaseModel:
        """The answer to a prompt in the form of a pydantic class, given as ``module:name``.

        Raises:
            JudgeError: no usable answer after all attempts.
            StoppedError: nothing more may be asked.
        """
        turn, form = TURN.get(), load_schema(schema)
        turn.asked[prompt] += 1
        key = self._build_key(prompt, schema, f"{turn.repetition}.{turn.asked[prompt]}")
        if (fresh := self._fresh.get(key)) is not None:
            self.cached += 1
            return form.model_validate_json(fresh)
        if key in self._known and self._reader:
            row = await self._reader.load(key)
            if row is not None:
                self.cached += 1
                return form.model_validate_json(row["answer"])
        if (under_way := self._asking.get(key)) is not None:  # two measures may ask the same
            return form.model_validate_json(await asyncio.shield(under_way))
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asking[key] = future
        try:
            answer = await self._ask_model(prompt, schema, key, turn)
        except BaseException as error:
            cancelled = isinstance(error, asyncio.CancelledError)
            future.set_exception(StoppedError() if cancelled else error)
            future.exception()  # nobody may be waiting
            raise
        finally:
            del self._asking[key]
        future.set_result(answer)
        return form.model_validate_json(answer)

    async def _ask_model(self, prompt: str, schema: str, key: str, turn: Turn) -> str:
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._spec.max_attempts),
            wait=wait_random_exponential(multiplier=WAIT_S[0], max=WAIT_S[1]),
            retry=retry_if_exception(lambda error: isinstance(error, _PassingError)),
            reraise=True,
        )
        return await attempts(self._attempt, prompt, schema, key, turn)

    async def _attempt(self, prompt: str, schema: str, key: str, turn: Turn) -> str:
        if not self._may_spend(0.0):
            raise StoppedError
        reply = await self._caller.call(prompt, schema)
        self.calls += reply.calls
        turn.add_cost(reply)
        if reply.prompt_tokens and reply.cost_usd is None:
            self.unpriced = True
        if reply.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + reply.cost_usd
            self._may_spend(reply.cost_usd)
        problem = reply.error
        if reply.answer is not None:
            problem = find_miscount(prompt, load_schema(schema).model_validate_json(reply.answer))
        if reply.answer is None or problem:
            kind = _PassingError if reply.may_pass or reply.answer is not None else JudgeError
            raise kind(problem)
        row = AnswerRow(
            key=key,
            model=self._spec.model,
            answer=reply.answer,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            cost_usd=reply.cost_usd,
        )
        self._keep(row)
        self._fresh[key] = reply.answer
        if len(self._fresh) > FRESH:
            self._fresh.popitem(last=False)
        return reply.answer

    def _build_key(self, prompt: str, schema: str, repetition: str) -> str:
        spec = self._spec
        text = json.dumps([spec.model, spec.api_base, spec.temperature, schema, prompt, repetition])
        return hashlib.sha256(text.encode()).hexdigest()


class _PassingError(JudgeError):
    """Another attempt may go well."""


class _CacheReader:
    """Reads single keys from the cache, those asked for meanwhile in one go, off the event loop."""

    def __init__(self, cache: JudgeCache) -> None:
        self._cache = cache
        self._waiting: dict[str, asyncio.Future[AnswerRow | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self, key: str) -> AnswerRow | None:
        """The answer, or None when it is gone."""
        future = self._waiting.get(key)
        if future is None:
            future = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._read())
        return await asyncio.shield(future)

    async def _read(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, {}
            try:
                rows = await asyncio.to_thread(self._cache.load_answers, list(batch))
            except BaseException as error:
                for future in batch.values():
                    future.set_exception(error)
                    future.exception()
                raise
            for key, future in batch.items():
                future.set_result(rows.get(key))
