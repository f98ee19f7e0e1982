"""How much a model can read, as far as litellm knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.providers import load_litellm

if TYPE_CHECKING:
    from engine.providers.chain import ModelChain


def find_window(chain: ModelChain) -> int | None:
    """Tokens that every model of a chain can read and write together; None when litellm knows none of them.

    Any of them may have to answer, so the smallest window counts. Only the table that comes with litellm is asked: its
    functions would ask the provider.
    """
    return find_smallest([provider["model"] for provider in chain.describe()])


def find_smallest(models: Sequence[str]) -> int | None:
    """The smallest of the known windows."""
    table = load_litellm().model_cost
    known = []
    for model in models:
        entry = table.get(model) or table.get(model.partition("/")[2]) or {}
        window = entry.get("max_input_tokens") or entry.get("max_tokens")
        if isinstance(window, int) and window > 0:
            known.append(window)
    return min(known, default=None)
