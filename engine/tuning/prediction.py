"""What an answer would take and cost: measured parts added up.

Latency is the time of embedding one question, measured on this machine when the lab opens, and what ``bench ask`` measured of
an index on two cores: searching, and reading ``top_k`` chunks. Rounds of improving a context are not in it.
Cost is the provider's price for the context and a short answer; nothing without a model.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from functools import lru_cache

from engine.embedding import Embedder
from engine.settings import PipelineSettings

# Milliseconds by bench ask: both searches with what they take from the embedding beside them; fetching and reading a chunk.
SEARCH_MS = 5.0
CHUNK_MS = 0.23
# Tokens of the instructions and question, and of a short answer.
PROMPT_TOKENS = 200
COMPLETION_TOKENS = 80


class CostModel:
    """Measures its parts once, when the lab is opened."""

    def __init__(self, embedder: Embedder, questions: Sequence[str]) -> None:
        self._embed_ms = statistics.median(_milliseconds(embedder, question) for question in questions[:7])

    def predict(self, settings: PipelineSettings, context_tokens: float) -> tuple[float, float]:
        """Milliseconds and USD of one answer."""
        latency = SEARCH_MS + CHUNK_MS * settings.top_k + (self._embed_ms if settings.mode != "lexical" else 0.0)
        if settings.provider == "extractive" or not settings.model:
            return latency, 0.0
        prompt, completion = find_prices(settings.model)
        return latency, prompt * (context_tokens + PROMPT_TOKENS) + completion * COMPLETION_TOKENS


@lru_cache(maxsize=64)
def find_prices(model: str) -> tuple[float, float]:
    """USD for a token of prompt and of completion; 0.0 where the provider publishes none."""
    from engine.providers import load_litellm

    prices = load_litellm().model_cost.get(model) or load_litellm().model_cost.get(model.partition("/")[2]) or {}
    return float(prices.get("input_cost_per_token") or 0.0), float(prices.get("output_cost_per_token") or 0.0)


def _milliseconds(embedder: Embedder, question: str) -> float:
    started = time.perf_counter()
    embedder.embed([question])
    return 1000 * (time.perf_counter() - started)
