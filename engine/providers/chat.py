"""Chat models from any provider that litellm speaks to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import ProviderError
from engine.providers import load_litellm
from engine.providers.errors import retry_request, translate_error

TIMEOUT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """``model`` as the provider named itself; ``cost_usd`` is 0.0 where no price is known."""

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float


def complete_chat(model: str, messages: Sequence[dict[str, str]], temperature: float) -> ChatReply:
    """Ask a model once, with up to three attempts.

    Raises:
        ProviderError: it failed; ``fails_over`` says whether another provider might do.
    """
    return retry_request(_complete_once, model, list(messages), temperature)


def _complete_once(model: str, messages: list[dict[str, str]], temperature: float) -> ChatReply:
    litellm = load_litellm()
    try:
        reply: Any = litellm.completion(
            model=model, messages=messages, temperature=temperature, timeout=TIMEOUT_S, max_retries=0
        )
    except tuple(litellm.exceptions.LITELLM_EXCEPTION_TYPES) as error:
        raise translate_error(error, model, litellm) from error
    text = (reply.choices[0].message.content or "").strip()
    if not text:
        raise ProviderError(
            f"The model {model} gave an empty answer.", "Try again, or choose another.", fails_over=True
        )
    return ChatReply(
        text=text,
        model=reply.model or model,
        prompt_tokens=reply.usage.prompt_tokens,
        completion_tokens=reply.usage.completion_tokens,
        cost_usd=float(reply._hidden_params.get("response_cost") or 0.0),
    )
