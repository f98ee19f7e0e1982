"""Embeddings from any provider that litellm speaks to: OpenAI, Hugging Face, Ollama, any OpenAI-compatible address."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from engine.embedding.protocol import EmbeddedText, Progress, Spans
from engine.errors import IndexMismatchError, ProviderError, SettingError
from engine.providers import load_litellm
from engine.providers.breaker import CircuitBreaker
from engine.providers.errors import describe_error, list_failures, retry_request, translate_error
from engine.providers.queries import QUESTION_RULE, ask_for_question

TEXTS_PER_REQUEST = 64
REQUESTS_AT_ONCE = 4
TIMEOUT_S = 60.0
QUERY_TIMEOUT_S = 10.0
"""Seconds for the text of a question, which takes a model well under one."""


class LitellmEmbedder:
    """A remote embedding model, named as litellm names it (``openai/text-embedding-3-small``, ``ollama/...``).

    Keys and addresses come from the provider's own environment variables, such as ``OPENAI_API_KEY`` and
    ``OPENAI_API_BASE``.
    """

    def __init__(self, model: str) -> None:
        self.name = self._model = model
        self._size: int | None = None
        self._breaker = CircuitBreaker(model, QUESTION_RULE)

    @property
    def dimension(self) -> int:
        """Width of the vectors, asked of the model once."""
        return self._size or self.embed(["dimension"]).shape[1]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, shape (texts, dimension), float32.

        Raises:
            ProviderError: after three attempts, or at once where trying again cannot help; also when the reply holds
                another number of vectors, an empty one or one without direction.
            IndexMismatchError: the vectors have another size than those before.
        """
        parts = [
            [text or " " for text in texts[start : start + TEXTS_PER_REQUEST]]
            for start in range(0, len(texts), TEXTS_PER_REQUEST)
        ]
        if not parts:
            return np.empty((0, self.dimension), np.float32)
        if len(parts) == 1:
            found = [self._request(parts[0])]
        else:
            with ThreadPoolExecutor(REQUESTS_AT_ONCE, "embeddings") as pool:
                found = list(pool.map(self._request, parts))
        return self._unit([row for rows in found for row in rows])

    def embed_query(self, texts: Sequence[str]) -> np.ndarray:
        """As ``embed``, for a question that somebody waits for: see ``ask_for_question``."""
        texts = [text or " " for text in texts]
        return self._unit(ask_for_question(self._breaker, lambda: self._request_once(texts, QUERY_TIMEOUT_S)))

    def _unit(self, rows: Sequence[Sequence[float] | None]) -> np.ndarray:
        """The vectors of a reply as rows of unit length."""
        vectors = self._stack(rows)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or (lengths == 0).any():
            raise ProviderError(f"The model {self._model} gave an empty vector.", "Choose another embedding model.")
        return vectors / lengths

    def _stack(self, rows: Sequence[Sequence[float] | None]) -> np.ndarray:
        """The vectors as rows; all of one size, and of the size that this model's had before."""
        sizes = {len(row or ()) for row in rows}
        if 0 in sizes:
            raise ProviderError(f"The model {self._model} gave an empty vector.", "Choose another embedding model.")
        expected = self._size or len(rows[0] or ())
        if sizes != {expected}:
            found = ", ".join(str(size) for size in sorted(sizes - {expected}))
            said = f"The model {self._model} gave vectors of {found} numbers; expected {expected} as in all the others."
            if expected in sizes:
                raise ProviderError(said, "Choose another embedding model.")
            self._size = None  # said once: by the next time the corpus may have been ingested again
            raise IndexMismatchError(
                said,
                "Another model stands behind that name now: ingest the corpus again, or choose another embedding model.",
            )
        self._size = expected
        return np.array(rows, np.float32)

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Spans], progress: Progress | None = None
    ) -> list[EmbeddedText]:
        """The vector of each text and, as texts of their own, of its spans."""
        embedded = []
        for done, (text, pieces) in enumerate(zip(texts, spans, strict=True), 1):
            vectors = self.embed([text, *(text[start:end] for start, end in pieces)])
            embedded.append(EmbeddedText(vector=vectors[0], span_vectors=vectors[1:].astype(np.float16)))
            if progress:
                progress(done, len(texts))
        return embedded

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, by litellm's tokenizer for the model."""
        return [int(self._litellm.token_counter(model=self._model, text=text)) for text in texts]

    def token_offsets(self, text: str) -> Spans:
        """Where tokens begin and end is not known of a remote model.

        Raises:
            SettingError: always.
        """
        raise SettingError(
            f"chunk_unit tokens needs the bundled embedder; {self._model} does not tell where its tokens end.",
            "Set chunk_unit=characters, or embedder=minilm.",
        )

    @cached_property
    def _litellm(self) -> ModuleType:
        return load_litellm()

    def _request(self, texts: list[str]) -> list[list[float]]:
        return retry_request(self._request_once, texts, TIMEOUT_S)

    def _request_once(self, texts: list[str], timeout_s: float) -> list[list[float]]:
        litellm = self._litellm
        try:
            reply: Any = litellm.embedding(model=self._model, input=texts, timeout=timeout_s, max_retries=0)
            vectors = [row["embedding"] for row in sorted(reply.data or [], key=lambda item: item["index"])]
        except tuple(litellm.exceptions.LITELLM_EXCEPTION_TYPES) as error:
            raise translate_error(error, self._model, litellm) from error
        except list_failures(litellm) as error:
            raise describe_error("APIResponseValidationError", self._model) from error
        if len(vectors) != len(texts):
            raise ProviderError(
                f"The model {self._model} gave {len(vectors)} vectors for {len(texts)} texts.",
                "Try again, or choose another embedding model.",
                fails_over=True,
            )
        return vectors
