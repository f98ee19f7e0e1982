"""What a call cost: by the provider's own prices where somebody gave them, else by litellm's table, else unknown."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from engine.providers.errors import translate_error
from engine.providers.specs import ProviderSpec

_PRICES = (
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_creation_input_token_cost",
    "cache_read_input_token_cost",
)
# They run on a machine of one's own. Entered without being looked up: litellm would ask port 11434 of this machine about
# the model, in the foreground and before every call, wherever the provider's address is.
_FREE = ("ollama", "ollama_chat")
_UNPRICED: set[str] = set()
_PRICED: set[str] = set()


def find_price(litellm: ModuleType, model: str) -> bool:
    """Whether litellm knows a price. A model without is entered at 0: litellm would look for one at every call.

    Raises:
        ProviderError: litellm knows no such provider.
    """
    if knows_price(model):
        return model in _PRICED
    errors = litellm.exceptions
    try:
        _, provider, _, _ = litellm.get_llm_provider(model)
    except errors.BadRequestError as error:
        raise translate_error(errors.LiteLLMUnknownProvider(model), model, litellm) from error
    if provider in _FREE:
        _enter_zero(litellm, model, provider)
        _PRICED.add(model)
        return True
    try:
        litellm.cost_per_token(model=model, prompt_tokens=1, completion_tokens=1)
    except (errors.ModelNotMappedError, errors.BadRequestError, errors.NotFoundError, ValueError):
        _enter_zero(litellm, model, provider)
        _UNPRICED.add(model)
    else:
        _PRICED.add(model)
    return model in _PRICED


def _enter_zero(litellm: ModuleType, model: str, provider: str) -> None:
    price = dict.fromkeys(_PRICES, 0)
    litellm.register_model({model: {"litellm_provider": provider, "mode": "chat"} | price})


def count_cost(litellm: ModuleType, spec: ProviderSpec, usage: Any) -> float | None:
    """USD of one call; None where no price is known. Cached tokens are counted as litellm's table prices them."""
    if spec.prompt_usd_per_million is not None and spec.completion_usd_per_million is not None:
        prompt, completion = count_tokens(usage)
        return (prompt * spec.prompt_usd_per_million + completion * spec.completion_usd_per_million) / 1e6
    if usage is None or not find_price(litellm, spec.model):
        return None
    return float(sum(litellm.cost_per_token(model=spec.model, usage_object=usage)))


def knows_price(model: str) -> bool:
    """Whether a model was looked up before; the first look may take a while."""
    return model in _PRICED or model in _UNPRICED


def count_tokens(usage: Any) -> tuple[int, int]:
    """Tokens of prompt and completion; 0 where the provider told none."""
    return int(getattr(usage, "prompt_tokens", None) or 0), int(getattr(usage, "completion_tokens", None) or 0)
