"""What a chat model is asked and what it replied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One question to whichever model of a chain answers.

    Attributes:
        messages: ``{"role": ..., "content": ...}`` each, the last one of the user.
        max_tokens: of the reply; None leaves it to the provider.
        purpose: for the records: answer, repair, validate, rewrite, test.
    """

    messages: tuple[dict[str, Any], ...]
    temperature: float = 0.0
    max_tokens: int | None = None
    purpose: str = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """``model`` as the provider named itself, ``provider`` as it is called here.

    ``ms`` is milliseconds from the first connecting or sending to the end, ``first_token_ms`` to the first piece of text.
    ``cost_usd`` is 0.0 and ``priced`` False where no price is known; ``truncated`` where the provider says that the model
    stopped at the most tokens that it may write.
    """

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    provider: str = ""
    priced: bool = True
    ms: float = 0.0
    first_token_ms: float | None = None
    truncated: bool = False
