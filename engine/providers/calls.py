"""One call of a chat model through litellm, whole or as a stream. Whatever goes wrong becomes an error of the table."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from engine.errors import ProviderError
from engine.providers import load_litellm
from engine.providers.chat import ChatReply, ChatRequest
from engine.providers.errors import BY_STATUS, VAGUE, describe_error, list_failures, translate_error
from engine.providers.prices import count_cost, count_tokens, find_price, knows_price
from engine.providers.provider import Attempt, Provider
from engine.providers.specs import ProviderSpec
from engine.providers.wire import PREPARING, Exchange, lend_session, open_session

Say = Callable[[str], None]
# litellm's own times end after ours, which say what was waited for.
_AFTER_OURS_S = 5.0
_LOADED: ModuleType | None = None


async def ask_whole(provider: Provider, request: ChatRequest, number: int) -> ChatReply:
    """Ask once and take the reply whole.

    Raises:
        ProviderError: it failed; ``fails_over`` says whether another provider might do.
    """
    litellm = await load_on_loop()
    async with provider.attempt(request, number, streamed=False) as attempt:
        given = await _build_call(litellm, provider.spec, request)
        try:
            reply = await litellm.acompletion(**given)
            choice = reply.choices[0]
            text, reason = choice.message.content, choice.finish_reason
        except list_failures(litellm) as error:
            raise _explain(error, attempt.exchange, litellm) from error
        return _finish(attempt, litellm, (text or "").strip(), reason, reply.model, getattr(reply, "usage", None))


async def ask_streamed(provider: Provider, request: ChatRequest, number: int, say: Say) -> ChatReply:
    """Ask once; ``say`` gets each piece of text as it comes.

    Raises:
        ProviderError: it failed, perhaps after some pieces.
    """
    litellm = await load_on_loop()
    async with provider.attempt(request, number, streamed=True) as attempt:
        given = await _build_call(litellm, provider.spec, request)
        pieces: list[str] = []
        reason = model = usage = None
        try:
            stream = await litellm.acompletion(**given, stream=True, stream_options={"include_usage": True})
            heard = stream.completion_stream = _Overheard(stream.completion_stream)  # litellm's own place for it
            async for chunk in stream:
                model, usage = heard.model or model, getattr(chunk, "usage", None) or usage
                if not chunk.choices:
                    continue
                choice = chunk.choices[0]
                reason = choice.finish_reason or reason
                if choice.delta.content or getattr(choice.delta, "reasoning_content", None):
                    attempt.exchange.note_text()
                if choice.delta.content:
                    pieces.append(choice.delta.content)
                    say(choice.delta.content)
        except list_failures(litellm) as error:
            raise _explain(error, attempt.exchange, litellm, begun=bool(pieces)) from error
        if pieces and heard.finished is False:
            raise describe_error("BrokenStream", provider.spec.model)
        return _finish(attempt, litellm, "".join(pieces).strip(), reason, model, usage)


class _Overheard:
    """A provider's own chunks on their way into litellm, which puts the name that was asked for over the one answered,
    and calls every stream finished that ends.

    Attributes:
        finished: whether the provider said that it had; None while its chunks are of a form that does not tell.
    """

    def __init__(self, chunks: Any) -> None:
        self._chunks, self._next = chunks, aiter(chunks).__anext__
        self.model = ""
        self.finished: bool | None = None

    def __aiter__(self) -> _Overheard:
        return self

    async def __anext__(self) -> Any:
        chunk = await self._next()
        self.model = getattr(chunk, "model", None) or self.model
        if isinstance(chunk, dict) and "finish_reason" in chunk:
            self.finished = bool(self.finished or chunk["finish_reason"])
        elif choices := getattr(chunk, "choices", None):
            self.finished = bool(self.finished or any(getattr(c, "finish_reason", None) for c in choices))
        return chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chunks, name)


async def load_on_loop() -> ModuleType:
    """litellm takes seconds to load: the loop goes on meanwhile."""
    global _LOADED
    if _LOADED is None:
        loaded = await asyncio.to_thread(load_litellm)
        if _LOADED is None:
            await asyncio.to_thread(lend_session, loaded)
            _LOADED = loaded
    return _LOADED


async def _build_call(litellm: ModuleType, spec: ProviderSpec, request: ChatRequest) -> dict[str, Any]:
    if not knows_price(spec.model):
        await asyncio.to_thread(find_price, litellm, spec.model)
    call: dict[str, Any] = {
        "model": spec.model,
        "messages": list(request.messages),
        "temperature": request.temperature,
        "timeout": spec.total_timeout_s + _AFTER_OURS_S,
        "max_retries": 0,
        "drop_params": True,  # a model that takes no temperature is asked without one
        "shared_session": open_session(),
    }
    if request.max_tokens is not None:
        call["max_tokens"] = request.max_tokens
    if spec.api_base:
        call |= {"api_base": spec.api_base, "api_key": "none"}
    if spec.api_key_env:
        call["api_key"] = os.environ.get(spec.api_key_env, "")
        if not call["api_key"]:
            raise describe_missing_key(spec)
    return call


def describe_missing_key(spec: ProviderSpec) -> ProviderError:
    """The variable of the key is empty where the engine runs."""
    return ProviderError(
        f"The model {spec.model} has no key: the environment variable {spec.api_key_env} is not set (MissingKey).",
        "Set it where the engine runs, and start the engine again.",
        kind="MissingKey",
    )


def _explain(error: Exception, exchange: Exchange, litellm: ModuleType, begun: bool = False) -> ProviderError:
    """litellm's error in our words; what the wire saw is more telling where litellm only knows that it failed."""
    model, status = exchange.spec.model, exchange.status
    known = isinstance(error, tuple(litellm.exceptions.LITELLM_EXCEPTION_TYPES))
    found = translate_error(error, model, litellm) if known else describe_error("APIError", model)
    if status == 200 and exchange.unreadable:
        found = describe_error("APIResponseValidationError", model)
    elif begun and found.kind != "ContentPolicyViolationError":
        found = describe_error("BrokenStream", model)
    elif status == 200 and found.kind == "BadRequestError":  # Ollama says so within its stream when it fails
        found = describe_error("APIError", model)
    elif status == 200 and found.kind in VAGUE:
        found = describe_error("APIResponseValidationError", model)
    elif status in BY_STATUS and found.fails_over:
        found = describe_error(BY_STATUS[status], model)
    elif not status and exchange.phase != PREPARING and found.kind in VAGUE:
        found = describe_error("APIConnectionError", model)
    found.retry_after_s = exchange.retry_after_s
    return found


def _finish(
    attempt: Attempt, litellm: ModuleType, text: str, reason: str | None, model: str | None, usage: Any
) -> ChatReply:
    spec = attempt.exchange.spec
    if reason == "content_filter":
        raise describe_error("ContentPolicyViolationError", spec.model)
    if not text:
        unreadable = attempt.exchange.unreadable
        raise describe_error("APIResponseValidationError" if unreadable else "EmptyAnswer", spec.model)
    cost = count_cost(litellm, spec, usage)
    prompt, completion = count_tokens(usage)
    attempt.reply = ChatReply(
        text=text,
        model=model or spec.model,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=cost or 0.0,
        provider=spec.name,
        priced=cost is not None,
        ms=attempt.exchange.ms,
        first_token_ms=attempt.exchange.first_token_ms,
        truncated=reason == "length",
    )
    return attempt.reply
