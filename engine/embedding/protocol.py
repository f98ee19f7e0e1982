"""What an embedder is: texts in, unit vectors out, with a vector for every span of a text as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Spans = Sequence[tuple[int, int]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedText:
    """``vector`` (dimension,) float32 of the text; ``span_vectors`` (spans, dimension) float16; all of unit length."""

    vector: np.ndarray
    span_vectors: np.ndarray


class Embedder(Protocol):
    """Texts to vectors. ``name`` identifies model and precision: equal names give interchangeable vectors."""

    name: str
    dimension: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, shape (texts, dimension), float32."""
        ...

    def embed_query(self, texts: Sequence[str]) -> np.ndarray:
        """As ``embed``, for texts of a question that somebody waits for."""
        ...

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Spans], progress: Progress | None = None
    ) -> list[EmbeddedText]:
        """The vector of each text and of each of its character spans (start, end within the text)."""
        ...

    def token_offsets(self, text: str) -> Spans:
        """Start and end of each token in the text, in order; chunks sized in tokens need them."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special ones."""
        ...
