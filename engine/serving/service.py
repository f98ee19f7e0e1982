"""A question's way through serving: checks, quotas, the conversation, caches, a slot, the pipeline, and what is kept of it.

Every door takes this way: the Ask screen, ``ask``, ``POST /api/ask`` and the runs of suites. It is written once, as a
coroutine on the process's background loop; threads and other loops wait for it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

from engine.errors import IndexDamagedError, PhasegateError, ProviderError, RefusedError, StoreError
from engine.guard.validation import AskBody, check_body
from engine.operations.recovery import record_recovery, recover_index
from engine.providers.loop import iterate, on_loop, run_async, submit
from engine.serving.asked import OWN_DOORS, Asked, History, OpenRequest
from engine.serving.cache import CachedAnswer, CacheKey
from engine.serving.identity import identify_scope
from engine.serving.redacting import RedactingStream, redact_answer, redact_logged
from engine.telemetry import recording, trace_span
from engine.types import Answer, Restarted

if TYPE_CHECKING:
    import numpy as np

    from engine.pipeline import RagPipeline
    from engine.serving.runtime import ServingRuntime

Piece = str | Restarted | Answer
Emit = Callable[[str | Restarted], None]


class AnswerService:
    """Answers questions for any number of askers at once."""

    def __init__(self, runtime: ServingRuntime) -> None:
        self._runtime = runtime

    def answer(self, asked: Asked) -> Answer:
        """The whole answer, for a thread.

        Raises:
            InputError, RefusedError, LimitError: the question is not taken.
            PhasegateError: it could not be answered; the message says why.
        """
        return run_async(self._produce(asked))

    def stream(self, asked: Asked) -> Iterator[Piece]:
        """Text as it comes, then the answer, for a thread. Closing the iterator stops the work, and the model's call."""
        return iterate(self._stream(asked))

    async def answer_async(self, asked: Asked) -> Answer:
        """As ``answer``, for a coroutine on any loop."""
        return await on_loop(self._produce(asked))

    async def stream_async(self, asked: Asked) -> AsyncIterator[Piece]:
        """As ``stream``, for a coroutine on any loop."""
        here, pieces = asyncio.get_running_loop(), asyncio.Queue[Piece]()

        def hand_over(piece: Piece) -> None:
            here.call_soon_threadsafe(pieces.put_nowait, piece)

        work = asyncio.wrap_future(submit(self._produce(asked, hand_over)))
        try:
            async for piece in _hand_on(work, pieces):
                yield piece
        finally:
            work.cancel()

    async def _stream(self, asked: Asked) -> AsyncIterator[Piece]:
        pieces = asyncio.Queue[Piece]()
        work = asyncio.create_task(self._produce(asked, pieces.put_nowait))
        try:
            async for piece in _hand_on(work, pieces):
                yield piece
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait({work})

    async def _produce(self, asked: Asked, emit: Emit | None = None) -> Answer:
        runtime, opened = self._runtime, OpenRequest(asked)
        with recording(runtime.recorder, opened.trace):
            try:
                answer = await self._answer(asked, opened, emit)
                opened.end(answer)
                return answer
            except BaseException as error:
                opened.fail(error)
                raise
            finally:
                runtime.recorder.record_request(opened.as_record(redact_logged(opened.question)))

    async def _answer(self, asked: Asked, opened: OpenRequest, emit: Emit | None) -> Answer:
        runtime = self._runtime
        body = {"question": asked.question, "corpus": asked.corpus, "session": asked.session}
        opened.question = question = check_body(AskBody, body).question
        if asked.door not in OWN_DOORS:
            runtime.quotas.check(address=asked.address, user=asked.asker)
        notices = self._guard_question(question)
        history, lost = await self._load_history(asked)
        pipeline = runtime.find_pipeline(asked.corpus, asked.settings)
        if pipeline is None:
            pipeline = await asyncio.to_thread(runtime.open_pipeline, asked.corpus, asked.settings)
        told = _Telling(emit, opened, runtime.redacts_answers)
        made = await self._find_or_make(asked, pipeline, question, history, told)
        answer = dataclasses.replace(
            made,
            correlation_id=opened.trace.correlation_id,
            timings_ms={**made.timings_ms, "total": round(opened.elapsed_ms, 3)},
            degraded=(*made.degraded, *lost),
            notices=(*notices, *made.notices),
        )
        if runtime.redacts_answers:
            answer = redact_answer(answer)
        told.finish(answer)
        return await self._record_turn(asked, answer) if asked.session else answer

    def _guard_question(self, question: str) -> tuple[str, ...]:
        with trace_span("guard"):
            found = self._runtime.judge_question(question)
            if found and self._runtime.refuses_injection:
                raise RefusedError(f"The question was not asked: {found}", "Put it in other words.")
        return (found,) if found else ()

    async def _load_history(self, asked: Asked) -> tuple[History, tuple[str, ...]]:
        """The turns before, and what was lost of them."""
        if asked.history is not None or not asked.session:
            return tuple(asked.history or ()), ()
        try:
            with trace_span("session"):
                return tuple(await asyncio.to_thread(self._runtime.load_history, asked)), ()
        except StoreError as error:
            return (), (f"{error.message} The question was answered without its conversation.",)

    async def _record_turn(self, asked: Asked, answer: Answer) -> Answer:
        try:
            with trace_span("session"):
                await asyncio.to_thread(self._runtime.record_turn, asked, answer)
        except StoreError as error:
            lost = f"{error.message} This turn was not added to the conversation."
            return dataclasses.replace(answer, degraded=(*answer.degraded, lost))
        return answer

    async def _find_or_make(
        self, asked: Asked, pipeline: RagPipeline, question: str, history: History, told: _Telling
    ) -> Answer:
        runtime = self._runtime
        if not asked.cache:
            return await self._make(asked, pipeline, question, history, told)
        key = CacheKey(scope=identify_scope(pipeline), corpus=asked.corpus, question=question, history=tuple(history))
        try:
            with trace_span("cache") as notes:
                kept = await self._look_up(key, pipeline)
                notes["tier"] = kept.answer.cache_tier if kept else "none"
            if kept:
                return kept.answer
            flights = runtime.cache.flights
            return await flights.run(key, lambda: self._make_and_keep(asked, pipeline, key, told), _share)
        except (ProviderError, IndexDamagedError, StoreError) as error:
            return await self._answer_by_memory(key, error)

    async def _answer_by_memory(self, key: CacheKey, error: PhasegateError) -> Answer:
        """The last answer to this question, said to be that, when nothing can answer it anew.

        Raises:
            PhasegateError: ``error``, when there is no such answer.
        """
        started = time.perf_counter()
        kept = await asyncio.to_thread(self._runtime.cache.find_stale, key)
        if kept is None:
            raise error
        await asyncio.to_thread(
            record_recovery,
            self._runtime.store,
            component="cache",
            subject=key.corpus,
            action="answered by an earlier answer",
            outcome="degraded",
            reason=error.message,
            ms=1000 * (time.perf_counter() - started),
        )
        age = f"{kept.age_s / 60:.0f} minutes" if kept.age_s >= 120 else f"{kept.age_s:.0f} seconds"
        said = f"{error.message} This is the answer of {age} ago; what it rests on may have changed."
        return dataclasses.replace(kept.answer, degraded=(*kept.answer.degraded, said))

    async def _look_up(self, key: CacheKey, pipeline: RagPipeline) -> CachedAnswer | None:
        cache = self._runtime.cache

        def embed() -> np.ndarray:
            with trace_span("embed"):  # search needs the vector as well, and finds it kept
                return pipeline.embed_question(key.question)

        if (kept := cache.find_in_memory(key)) or cache.is_new(key):
            return kept
        try:
            return await asyncio.to_thread(cache.find_beyond_memory, key, embed)
        except ProviderError:
            return None  # no vector, no similar question: the search meets the same error, and tells it

    async def _make_and_keep(self, asked: Asked, pipeline: RagPipeline, key: CacheKey, told: _Telling) -> Answer:
        answer = await self._make(asked, pipeline, key.question, key.history, told)
        self._runtime.cache.keep(
            key,
            lambda: pipeline.embed_question(key.question),
            answer,
            answer.timings_ms["total"],
            identify=lambda: identify_scope(pipeline),
        )
        return answer

    async def _make(
        self, asked: Asked, pipeline: RagPipeline, question: str, history: History, told: _Telling
    ) -> Answer:
        """The pipeline's answer; a damaged index is built again first, and the answer says so."""
        try:
            return await self._ask_pipeline(asked, pipeline, question, history, told)
        except IndexDamagedError as error:
            mended = await asyncio.to_thread(
                recover_index, self._runtime.store, asked.corpus, asked.settings, error.message
            )
            answer = await self._ask_pipeline(asked, pipeline, question, history, told)
            return dataclasses.replace(answer, degraded=(*answer.degraded, *filter(None, [mended.words])))

    async def _ask_pipeline(
        self, asked: Asked, pipeline: RagPipeline, question: str, history: History, told: _Telling
    ) -> Answer:
        runtime = self._runtime
        async with runtime.admission.slot():
            if asked.settings.provider == "extractive":
                return await pipeline.answer_async(question, history)
            async with runtime.limiter.slot():
                if told.silent:
                    return await pipeline.answer_async(question, history)
                async for piece in pipeline.stream_async(question, history):
                    if isinstance(piece, Answer):
                        return piece
                    told.tell(piece)
        raise AssertionError("a stream of pieces ends with its answer")


async def _hand_on(work: asyncio.Future[Answer], pieces: asyncio.Queue[Piece]) -> AsyncIterator[Piece]:
    """The pieces while they come, then the answer that the work ends with."""
    work.add_done_callback(lambda _: pieces.put_nowait(""))
    while not work.done() or not pieces.empty():
        if piece := await pieces.get():
            yield piece
    yield await work


def _share(answer: Answer) -> Answer:
    """The answer as one gets it who waited for another's: it was paid for once."""
    return dataclasses.replace(answer, cost_usd=0.0, tokens={"context": answer.context.tokens})


class _Telling:
    """Hands text over while it comes, without personal data where the policy wants that; the rest at the end."""

    def __init__(self, emit: Emit | None, opened: OpenRequest, redacts: bool) -> None:
        self._emit, self._opened = emit, opened
        self._redacting = RedactingStream() if redacts else None
        self._told = False

    @property
    def silent(self) -> bool:
        """Nobody waits for text."""
        return self._emit is None

    def tell(self, piece: str | Restarted) -> None:
        """Hand a piece over."""
        if self._emit is None:
            return
        if isinstance(piece, Restarted):
            if self._redacting:
                self._redacting = RedactingStream()
            self._emit(piece)
            return
        text = self._redacting.feed(piece) if self._redacting else piece
        if text:
            self._opened.note_text()
            self._told = True
            self._emit(text)

    def finish(self, answer: Answer) -> None:
        """Hand over what is left of the text; all of it when no piece came."""
        if self._emit is None:
            return
        rest = answer.text if not self._told else self._redacting.finish() if self._redacting else ""
        if rest:
            self._opened.note_text()
            self._emit(rest)
