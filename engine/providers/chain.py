"""Providers in the order in which they are asked: retried, left alone while they keep failing, replaced by the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from engine.errors import ProviderError, SettingError
from engine.providers.breaker import CLOSED, BreakerRule
from engine.providers.calls import ask_streamed, ask_whole
from engine.providers.chat import ChatReply, ChatRequest
from engine.providers.loop import is_on_loop, on_loop, submit
from engine.providers.provider import CONNECTIONS, Provider
from engine.providers.retries import RetryBudget, RetryPolicy, build_retrying
from engine.providers.specs import ProviderSpec
from engine.types import Restarted

__all__ = ["ChatReply", "ChatRequest", "ModelChain", "open_chain"]

_END = object()
Ask = Callable[[Provider, int], Awaitable[ChatReply]]


class ModelChain:
    """Asks the first provider that answers. Its methods may be awaited on any loop; the work is done on the process's own.

    Args:
        specs: in the order in which they are asked.
        connections: to each provider, at once.
    """

    def __init__(
        self,
        specs: Sequence[ProviderSpec],
        connections: int = CONNECTIONS,
        retries: RetryPolicy | None = None,
        breaker: BreakerRule | None = None,
    ) -> None:
        if not specs:
            raise ValueError("A chain needs a provider.")
        self._providers = [Provider(spec, connections, breaker) for spec in specs]
        self._retries = retries or RetryPolicy()
        self._budget = RetryBudget(self._retries)

    @property
    def names(self) -> tuple[str, ...]:
        """The providers in order."""
        return tuple(provider.spec.name for provider in self._providers)

    @property
    def specs(self) -> tuple[ProviderSpec, ...]:
        """The providers in order: which models, and where they are asked."""
        return tuple(provider.spec for provider in self._providers)

    def describe(self) -> list[dict[str, Any]]:
        """Of each provider: ``state`` of its breaker with ``changes``, and its counts; see ``Provider.describe``."""
        return [provider.describe() for provider in self._providers]

    async def complete(self, request: ChatRequest) -> ChatReply:
        """The reply, whole.

        Raises:
            ProviderError: none answered, and what each said; or one failed in a way that a person has to mend.
        """
        return await on_loop(self._run(request, lambda provider, number: ask_whole(provider, request, number)))

    async def complete_many(
        self, requests: Sequence[ChatRequest], parallel: int = 8
    ) -> list[ChatReply | ProviderError]:
        """Replies in the order of the requests, ``parallel`` in flight at once; of one that failed, its error."""
        return await on_loop(self._run_many(requests, parallel))

    async def stream(self, request: ChatRequest) -> AsyncIterator[str | Restarted | ChatReply]:
        """Pieces of text as they come, at last the reply. ``Restarted``: what came before is void, another one begins.

        Closing the iterator ends the request at the provider.

        Raises:
            ProviderError: as of :meth:`complete`, perhaps after some pieces.
        """
        queue: asyncio.Queue[Any] = asyncio.Queue()
        task = self._begin_stream(request, queue)
        task.add_done_callback(lambda _: queue.put_nowait(_END))
        try:
            while (item := await queue.get()) is not _END:
                yield item
            yield task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    def _begin_stream(self, request: ChatRequest, queue: asyncio.Queue[Any]) -> asyncio.Future[ChatReply]:
        caller = asyncio.get_running_loop()
        if is_on_loop():
            return caller.create_task(self._run_stream(request, queue.put_nowait))

        def emit(item: str | Restarted) -> None:
            caller.call_soon_threadsafe(queue.put_nowait, item)

        return asyncio.wrap_future(submit(self._run_stream(request, emit)))

    async def _run_stream(self, request: ChatRequest, emit: Callable[[str | Restarted], None]) -> ChatReply:
        spoken: dict[str, Any] = {"by": None, "why": ""}

        async def ask(provider: Provider, number: int) -> ChatReply:
            mine = object()

            def say(text: str) -> None:
                if spoken["by"] not in (None, mine):
                    emit(Restarted(reason=spoken["why"]))
                spoken["by"] = mine
                emit(text)

            try:
                return await ask_streamed(provider, request, number, say)
            except ProviderError as error:
                spoken["why"] = error.message
                raise

        return await self._run(request, ask)

    async def _run_many(self, requests: Sequence[ChatRequest], parallel: int) -> list[ChatReply | ProviderError]:
        gate = asyncio.Semaphore(parallel)

        async def complete(request: ChatRequest) -> ChatReply | ProviderError:
            async with gate:
                try:
                    return await self.complete(request)
                except ProviderError as error:
                    return error

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(complete(request)) for request in requests]
        return [task.result() for task in tasks]

    async def _run(self, request: ChatRequest, ask: Ask) -> ChatReply:
        self._budget.note_call()
        failures: list[tuple[str, ProviderError]] = []
        for provider in self._providers:
            try:
                return await self._ask_provider(provider, ask)
            except ProviderError as error:
                failures.append((provider.spec.name, error))
                if not error.fails_over:
                    break
        raise self._sum_up(failures)

    async def _ask_provider(self, provider: Provider, ask: Ask) -> ChatReply:
        retrying = build_retrying(self._retries, self._budget, lambda: provider.breaker.state == CLOSED)
        async for attempt in retrying:
            with attempt:
                reply = await ask(provider, attempt.retry_state.attempt_number)
        return reply

    def _sum_up(self, failures: Sequence[tuple[str, ProviderError]]) -> ProviderError:
        """One error that says what each provider said."""
        last = failures[-1][1]
        waits = [error.retry_after_s for _, error in failures if error.retry_after_s is not None]
        message = " ".join(f"{name}: {error.message}" for name, error in failures)
        if not last.fails_over and len(failures) < len(self._providers):
            left = ", ".join(provider.spec.name for provider in self._providers[len(failures) :])
            message += f" {left} was not asked: this is for a person to mend, not for another provider to cover up."
        if len(failures) > 1 and last.fails_over:
            message = f"No provider answered. {message}"
        return ProviderError(
            message,
            last.hint if not last.fails_over else failures[0][1].hint,
            fails_over=last.fails_over,
            kind=last.kind,
            retry_after_s=min(waits) if waits else None,
        )


def open_chain(
    model: str, specs: Sequence[ProviderSpec] = (), connections: int = CONNECTIONS, retries: RetryPolicy | None = None
) -> ModelChain:
    """The chain that the setting ``model`` asks for.

    Args:
        model: names of saved providers or litellm names, joined by commas, in order; empty is all that are switched on.
        specs: the saved providers.

    Raises:
        SettingError: there is none, or those that are named are switched off.
    """
    saved = {spec.name: spec for spec in specs}
    asked = [name.strip() for name in model.split(",") if name.strip()]
    if asked:
        found = [saved.get(name) or ProviderSpec(name=name, model=name) for name in dict.fromkeys(asked)]
    else:
        found = sorted(specs, key=lambda spec: (spec.priority, spec.name))
    chosen = [spec for spec in found if spec.enabled]
    if not chosen:
        raise SettingError(
            f"The providers {', '.join(asked)} are switched off." if asked else "No provider of a model is set up.",
            "Add one under Settings, Models, or: python -m engine providers --add NAME --model ollama_chat/llama3.2",
        )
    return ModelChain(chosen, connections, retries)
