"""Many chat completions at once through litellm: bounded on the wire, timed, with the cost that litellm knows.

litellm spends milliseconds of processor time on a call before it is sent and after it has come. A limit around its
function would count that as time in flight, so the limit is the number of connections: calls beyond it are prepared
while they wait for one. Providers that litellm asks in another way than over the session given here are limited
around its function.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from engine.errors import ProviderError
from engine.providers import load_litellm
from engine.providers.errors import translate_error
from engine.providers.prices import find_price


@dataclass(slots=True)
class CallUsage:
    """What the calls made within a context came to. ``cost_usd`` is None when one of them has no known price."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    unpriced: bool = False

    def add(self, reply: Any, priced: bool) -> None:
        """Count one reply of litellm; its cost where the model has a known price."""
        usage = getattr(reply, "usage", None)
        self.prompt_tokens += int(getattr(usage, "prompt_tokens", None) or 0)
        self.completion_tokens += int(getattr(usage, "completion_tokens", None) or 0)
        cost = reply._hidden_params.get("response_cost") if priced else None
        self.unpriced = self.unpriced or cost is None
        self.cost_usd = None if self.unpriced else (self.cost_usd or 0.0) + float(cost)


STEPS_TO_SEND = 4  # turns of the event loop from getting a connection to having written the request
USAGE: ContextVar[CallUsage | None] = ContextVar("usage_of_calls", default=None)


class CompletionClient:
    """An async context manager whose :meth:`complete` has litellm's signature of ``acompletion``.

    Args:
        model: the one that is asked.
        slots: calls in flight at once, at most.
        timeout_s: seconds for one call, and at most as many again to wait for a connection.
        api_base: address of the provider; empty is litellm's own. Without ``api_key_env`` no key is sent there.
        api_key_env: environment variable with the key; empty is the provider's usual one.
    """

    def __init__(self, model: str, slots: int, timeout_s: float, api_base: str = "", api_key_env: str = "") -> None:
        self._model, self._slots = model, slots
        self._timeout_s = timeout_s
        self._fixed: dict[str, Any] = {"timeout": timeout_s, "max_retries": 0}
        if api_base:
            self._fixed |= {"api_base": api_base, "api_key": "none"}
        if api_key_env:
            self._fixed["api_key"] = os.environ.get(api_key_env, "")
        self._stack = AsyncExitStack()
        self._widened = False

    async def __aenter__(self) -> CompletionClient:
        import aiohttp

        self._litellm = load_litellm()
        self._litellm.in_memory_llm_clients_cache.flush_cache()  # clients of a session that has been closed
        self._errors = tuple(self._litellm.exceptions.LITELLM_EXCEPTION_TYPES)
        self._priced = find_price(self._litellm, self._model)
        self._gate = asyncio.Semaphore(self._slots)
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._widen)  # type: ignore[arg-type]  # aiohttp wants a protocol of its own
        trace.on_request_end.append(_let_next_send)  # type: ignore[arg-type]
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=self._slots), trace_configs=[trace])
        self._fixed["shared_session"] = await self._stack.enter_async_context(session)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _widen(self, *_: object) -> None:
        """The calls do go over our session, whose connections limit them: let as many again be prepared."""
        if not self._widened:
            self._widened = True
            for _ in range(self._slots):
                self._gate.release()

    async def complete(self, **request: Any) -> Any:
        """Ask once.

        Raises:
            ProviderError: it failed; ``fails_over`` says whether another attempt may go well.
        """
        model, usage = self._model, USAGE.get()
        async with self._gate:
            if usage is not None:
                usage.calls += 1
            try:
                async with asyncio.timeout(2 * self._timeout_s + 1):  # a reply that never ends beats litellm's timeout
                    reply = await self._litellm.acompletion(**{**request, **self._fixed, "model": model})
            except TimeoutError as error:
                raise ProviderError(
                    f"The model {model} did not answer in {self._timeout_s:g} s.", "Try again.", fails_over=True
                ) from error
            except self._errors as error:
                raise translate_error(error, model, self._litellm) from error
        if usage is not None:
            usage.add(reply, self._priced)
        return reply


async def _let_next_send(*_: object) -> None:
    """A connection is free: the call that waits for it goes out before litellm takes this reply apart."""
    for _ in range(STEPS_TO_SEND):
        await asyncio.sleep(0)
