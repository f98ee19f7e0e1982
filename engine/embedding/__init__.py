"""Texts to vectors: the bundled model, remote models, and a cache of what was made before."""

from __future__ import annotations

import numpy as np

from engine.embedding.protocol import EmbeddedText, Embedder
from engine.errors import SettingError
from engine.settings import PipelineSettings

__all__ = ["EmbeddedText", "Embedder", "load_embedder", "mean_vector"]

_loaded: dict[tuple[str, str], Embedder] = {}


def load_embedder(settings: PipelineSettings) -> Embedder:
    """The embedder that the settings name, loaded once per process.

    Raises:
        SettingError: ``embedder`` is neither ``minilm`` nor of the form ``provider/model``.
        ModelFileError: the bundled model is missing or damaged.
    """
    key = (settings.embedder, settings.precision)
    if key not in _loaded:
        _loaded[key] = _load(settings)
    return _loaded[key]


def _load(settings: PipelineSettings) -> Embedder:
    if settings.embedder == "minilm":
        from engine.embedding.minilm import MiniLmEmbedder

        return MiniLmEmbedder(settings.precision)
    if "/" in settings.embedder:
        from engine.providers.embeddings import LitellmEmbedder

        return LitellmEmbedder(settings.embedder)
    raise SettingError(
        f"embedder: expected minilm or provider/model (openai/text-embedding-3-small), found {settings.embedder!r}."
    )


def mean_vector(vectors: np.ndarray) -> np.ndarray:
    """The unit vector of a question, shape (dimension,), from those of its texts."""
    vector = vectors.mean(axis=0)
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
