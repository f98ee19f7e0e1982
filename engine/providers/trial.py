"""One small real call of a provider, to see that it answers, how fast, and what it costs."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

from engine.errors import ProviderError
from engine.providers.calls import ask_streamed, load_on_loop
from engine.providers.chat import ChatRequest
from engine.providers.loop import run_async
from engine.providers.provider import Provider
from engine.providers.specs import ProviderSpec

QUESTION = "Reply with the word yes."
MOST_TOKENS = 256  # a model that thinks first needs some


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTrial:
    """What came of it. ``model`` is as the provider named itself; ``cost_usd`` is None where no price is known.

    Attributes:
        ms, first_token_ms: milliseconds of the call, connecting included; what litellm takes to load and prepare is not, except
            where it failed: then all that the try took.
        error, hint: what failed and what to do; empty when it answered.
    """

    provider: str
    model: str
    said: str = ""
    ms: float = 0.0
    first_token_ms: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    error: str = ""
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """Field names and values."""
        return dataclasses.asdict(self)


def try_provider(spec: ProviderSpec) -> ProviderTrial:
    """Ask once, streamed, past the breaker: a person wants to know how it is now. A failure is part of the trial."""
    request = ChatRequest(messages=({"role": "user", "content": QUESTION},), max_tokens=MOST_TOKENS, purpose="test")
    return run_async(_try(Provider(spec, apart=True), request))


async def _try(provider: Provider, request: ChatRequest) -> ProviderTrial:
    await load_on_loop()
    started = time.perf_counter()
    spec = provider.spec
    try:
        reply = await ask_streamed(provider, request, 1, lambda text: None)
    except ProviderError as error:
        ms = 1000 * (time.perf_counter() - started)
        return ProviderTrial(provider=spec.name, model=spec.model, ms=ms, error=error.message, hint=error.hint)
    return ProviderTrial(
        provider=spec.name,
        model=reply.model,
        said=reply.text[:200],
        ms=reply.ms,
        first_token_ms=reply.first_token_ms,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        cost_usd=reply.cost_usd if reply.priced else None,
    )
