"""Remote rerank models from any provider that litellm speaks to: Cohere, Jina, Voyage, a vLLM or Infinity server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from engine.errors import ProviderError
from engine.providers import load_litellm
from engine.providers.breaker import CircuitBreaker
from engine.providers.errors import translate_error
from engine.providers.queries import QUESTION_RULE, ask_for_question
from engine.types import ScoredChunk

TIMEOUT_S = 30.0
"""Seconds for one call: it reads two dozen passages, perhaps without a graphics card."""
# Values of the setting ``reranker`` that ask no model.
LOCAL = ("none", "sentences")


class LitellmReranker:
    """A remote rerank model, named as litellm names it (``cohere/rerank-v3.5``, ``jina_ai/...``, ``hosted_vllm/...``)."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._breaker = CircuitBreaker(model, QUESTION_RULE)

    def rerank(self, question: str, chunks: Sequence[ScoredChunk]) -> list[ScoredChunk]:
        """The same chunks in the model's order, with its relevance as their score; those it leaves out come last.

        Raises:
            ProviderError: after three attempts, or at once where trying again cannot help; also when the reply names a
                passage that was not sent.
        """
        if not chunks:
            return []
        texts = [chunk.text or " " for chunk in chunks]
        scores = ask_for_question(self._breaker, lambda: self._request(question, texts))
        order = sorted(scores, key=lambda i: (-scores[i], i))
        left_out = [chunk for i, chunk in enumerate(chunks) if i not in scores]
        lowest = min(scores.values(), default=0.0)
        return [replace(chunks[i], score=scores[i]) for i in order] + [replace(c, score=lowest) for c in left_out]

    def _request(self, question: str, texts: list[str]) -> dict[int, float]:
        litellm = load_litellm()
        try:
            reply: Any = litellm.rerank(
                model=self.model,
                query=question,
                documents=texts,
                return_documents=False,
                timeout=TIMEOUT_S,
                max_retries=0,
            )
        except tuple(litellm.exceptions.LITELLM_EXCEPTION_TYPES) as error:
            raise translate_error(error, self.model, litellm) from error
        scores = {int(result["index"]): float(result["relevance_score"]) for result in reply.results or []}
        if any(not 0 <= i < len(texts) for i in scores):
            raise ProviderError(
                f"The model {self.model} ranked a passage that it was not sent.", "Try another model.", fails_over=True
            )
        return scores


@cache
def load_reranker(name: str) -> LitellmReranker | None:
    """The model that the setting ``reranker`` names, one for the process; None for ``none`` and ``sentences``, which ask no model."""
    return None if name in LOCAL else LitellmReranker(name)
