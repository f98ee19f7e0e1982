"""An answer by a model: asked, read, checked, judged, and mended once when it does not hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.errors import ProviderError
from engine.generation.budget import Fitted, Fitter
from engine.generation.judged import Judged, describe_judged, is_ungrounded, tell_faults
from engine.generation.messages import Messages, build_messages, build_repair
from engine.generation.model import ModelAnswer, number_sentences, read_reply
from engine.generation.prompts import PromptTemplate
from engine.generation.quality import Review, is_quick, prepare_passages, review_answer
from engine.generation.streamed import StreamedText
from engine.generation.topic import Embed, reuse_vector
from engine.generation.validators import PARALLEL, Panel, Submission, validate_answers
from engine.settings import PipelineSettings
from engine.telemetry import trace_span
from engine.types import ContextPart, Restarted, Validation

if TYPE_CHECKING:
    from engine.providers.chain import ModelChain
    from engine.providers.chat import ChatReply

Emit = Callable[[str | Restarted], None]
HEAD_START_S = 0.005


class Texts(Protocol):
    """What is needed of an embedder: vectors of texts, and how many tokens they have."""

    def embed(self, texts: Sequence[str]) -> np.ndarray: ...
    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """The templates of one pipeline."""

    answer: PromptTemplate
    repair: PromptTemplate
    validate: PromptTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMade:
    """What came of asking a model; ``made`` abstains where the passages do not answer.

    Attributes:
        parts: the passages that the model read.
        timings_ms: ``generate``, ``review`` and ``repair``, which follow each other.
    """

    made: ModelAnswer
    parts: tuple[ContextPart, ...]
    model: str
    validation: Validation
    timings_ms: dict[str, float]
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    degraded: tuple[str, ...]


@dataclass(slots=True)
class _Spent:
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    timings_ms: dict[str, float] = field(default_factory=dict)

    def add(self, call: ChatReply | Panel) -> None:
        self.prompt_tokens += call.prompt_tokens
        self.completion_tokens += call.completion_tokens
        self.cost_usd += call.cost_usd


class ModelAnswerer:
    """Asks a chain of models for answers from passages. Its coroutines run on the loop of the chain.

    Args:
        texts: the bundled embedder, with which the thresholds of quality control were measured.
        find_window: tokens that the models read and write together; None when nobody knows.
        parallel: calls in flight at once; with 1 nothing overlaps.
    """

    def __init__(
        self,
        chain: ModelChain,
        templates: Templates,
        settings: PipelineSettings,
        texts: Texts,
        find_window: Callable[[], int | None],
        parallel: int = PARALLEL,
    ) -> None:
        self._chain, self._templates, self._settings = chain, templates, settings
        self._texts, self._parallel = texts, parallel
        self._fitter = Fitter([templates.answer.system, templates.answer.user], texts.count_tokens, find_window)

    async def produce(
        self,
        question: str,
        background: Sequence[str],
        parts: Sequence[ContextPart],
        emit: Emit | None = None,
        *,
        vector: np.ndarray | None = None,
        beside: Callable[[], object] = lambda: None,
    ) -> ModelMade:
        """Ask, check, and mend once where it is needed.

        Args:
            emit: takes the text of the first reply while it comes, and what replaces it.
            vector: the question's, by the embedder of these texts, where it is known already.
            beside: what else can be done in a thread while the model writes.

        Raises:
            ProviderError: no model of the chain answered, or none can read the question.
        """
        spent, clock = _Spent(), time.perf_counter()
        embed = reuse_vector(question, vector, self._texts.embed)
        with trace_span("generate") as notes:
            fitted = await self._fitter.fit(question, background, parts)
            messages = build_messages(self._templates.answer, question, fitted.parts, background)

            def prepare() -> None:
                prepare_passages(fitted.parts)
                beside()

            prepared = asyncio.create_task(_do_later(prepare))
            try:
                reply = await self._ask(messages, emit)
            finally:
                await prepared
            notes["model"] = reply.model
        spent.add(reply)
        spent.timings_ms["generate"] = _since(clock)
        degraded = (fitted.cut,) if fitted.cut else ()
        made = read_reply(reply.text, fitted.parts, truncated=reply.truncated)
        if made.abstained:
            return _close(made, fitted, reply, Validation(), spent, degraded)
        clock = time.perf_counter()
        best = await self._judge(question, reply, made, fitted.parts, spent, embed)
        spent.timings_ms["review"] = _since(clock)
        state = ""
        if best.problems and self._settings.repair:
            clock = time.perf_counter()
            mended, state, told = await self._repair(question, messages, best, fitted.parts, spent, embed)
            degraded += told
            spent.timings_ms["repair"] = _since(clock)
            if mended is not best and emit is not None:
                emit(Restarted("The answer did not hold its quality control and was written anew."))
                emit(mended.review.made.answer.text)
            best = mended
        return _close(
            best.review.made,
            fitted,
            best.reply,
            describe_judged(best, state),
            spent,
            (*degraded, *tell_faults(best, state)),
        )

    async def _ask(self, messages: Messages, emit: Emit | None) -> ChatReply:
        from engine.providers.chain import ChatRequest

        request = ChatRequest(
            messages=tuple(messages), temperature=self._settings.temperature, max_tokens=None, purpose="answer"
        )
        if emit is None:
            return await self._chain.complete(request)
        shown, reply = StreamedText(), None
        async for piece in self._chain.stream(request):
            if isinstance(piece, str):
                if text := shown.feed(piece):
                    emit(text)
            elif isinstance(piece, Restarted):
                shown = StreamedText()
                emit(piece)
            else:
                reply = piece
        assert reply is not None, "a stream of the chain ends with its reply"
        if rest := shown.finish():
            emit(rest)
        return reply

    async def _judge(
        self,
        question: str,
        reply: ChatReply,
        made: ModelAnswer,
        parts: Sequence[ContextPart],
        spent: _Spent,
        embed: Embed,
    ) -> Judged:
        """Quality control and validators; at the same time, unless nothing may overlap."""

        async def check() -> Review:
            with trace_span("check"):
                if not self._settings.validators and is_quick(question, made):
                    return review_answer(question, made, parts, embed)
                return await asyncio.to_thread(review_answer, question, made, parts, embed)

        if not self._settings.validators:
            return Judged(reply=reply, review=await check(), panel=None)
        submission = Submission(question=question, parts=parts, text=number_sentences(made))
        if self._parallel > 1:
            review, panel = await asyncio.gather(check(), self._validate(submission))
        else:
            review, panel = await check(), await self._validate(submission)
        spent.add(panel)
        return Judged(reply=reply, review=review, panel=panel)

    async def _validate(self, submission: Submission) -> Panel:
        settings = self._settings
        with trace_span("validate", {"validators": settings.validators}) as notes:
            (panel,) = await validate_answers(
                self._chain,
                self._templates.validate,
                [submission],
                settings.validators,
                settings.consensus,
                parallel=self._parallel,
            )
            notes["consensus"] = panel.consensus
        return panel

    async def _repair(
        self,
        question: str,
        messages: Messages,
        first: Judged,
        parts: Sequence[ContextPart],
        spent: _Spent,
        embed: Embed,
    ) -> tuple[Judged, str, tuple[str, ...]]:
        """One more try. Returns the better one of the two, what became of the try, and what is to be said of it."""
        from engine.providers.chain import ChatRequest

        asked = build_repair(self._templates.repair, question, messages, first.reply.text, first.problems)
        with trace_span("repair") as notes:
            request = ChatRequest(
                messages=tuple(asked), temperature=self._settings.temperature, max_tokens=None, purpose="repair"
            )
            try:
                reply = await self._chain.complete(request)
            except ProviderError as error:
                return first, "failed", (f"{error.message} The answer could not be repaired.",)
            spent.add(reply)
            made = read_reply(reply.text, parts, truncated=reply.truncated)
            if made.abstained:
                second = Judged(reply=reply, review=Review(made=made, checks=()), panel=None)
                kept = is_ungrounded(first)
            else:
                second = await self._judge(question, reply, made, parts, spent, embed)
                kept = second.faults < first.faults
            notes["outcome"] = "kept" if kept else "dropped"
        return (second, "kept", ()) if kept else (first, "dropped", ())


async def _do_later(work: Callable[[], object]) -> None:
    """What the checks need, made while the model writes, but not before it is asked: Python runs one thread at a time."""
    await asyncio.sleep(HEAD_START_S)
    await asyncio.to_thread(work)


def _close(
    made: ModelAnswer,
    fitted: Fitted,
    reply: ChatReply,
    validation: Validation,
    spent: _Spent,
    degraded: tuple[str, ...],
) -> ModelMade:
    return ModelMade(
        made=made,
        parts=fitted.parts,
        model=reply.model,
        validation=validation,
        timings_ms=dict(spent.timings_ms),
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        cost_usd=spent.cost_usd,
        degraded=degraded,
    )


def _since(clock: float) -> float:
    return 1000 * (time.perf_counter() - clock)
