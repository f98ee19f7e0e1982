"""Signs from the bundled model's vectors: how far a sentence is from its source, and what a changed word replaces.

A word that the source lacks is aligned with the source's word that is most alike in its sentence (contextual token
vectors); the table of opposites then tells a contradiction. The vectors alone do not: an opposite is as near as a
synonym.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.embedding import Embedder, load_embedder
from engine.grounding.signs import SENTENCE_SIGNS, read_source
from engine.grounding.words import Parsed, find_opposites, parse
from engine.settings import PipelineSettings

VECTOR_SIGNS = ("claims", "far", "aligned_antonym")
NEAREST = 3
_STYLES = [SENTENCE_SIGNS.index(name) for name in ("about_passages", "refuses", "introduces", "asks")]


@dataclass(frozen=True, slots=True)
class _Vectors:
    """Unit vectors of sentences (n, d) and of their content words in place (w, d), with the words' stems."""

    sentences: np.ndarray
    tokens: np.ndarray
    stems: tuple[str, ...]


def load_model() -> Embedder:
    """The bundled embedder that the coefficients were fitted with.

    Raises:
        ModelFileError: it is not installed.
    """
    return load_embedder(PipelineSettings())


def describe_vectors(sentences: Sequence[str], contexts: Sequence[str], words: np.ndarray) -> np.ndarray:
    """The signs of ``VECTOR_SIGNS``, shape (sentences, signs); ``words`` are the sentences' word signs."""
    source = _embed_source(tuple(contexts))
    parsed = [parse(text) for text in sentences]
    vectors, tokens = _embed(sentences, parsed)
    rows = []
    for text, vector, own, row in zip(parsed, vectors, tokens, words, strict=True):
        claims = float(not row[_STYLES].any())
        nearest = np.sort(source.sentences @ vector)[-NEAREST:] if len(source.sentences) else np.zeros(1)
        rows.append([claims, claims * (1 - float(nearest.mean())), _find_antonym(text, own, source)])
    return np.array(rows, float)


def _find_antonym(parsed: Parsed, tokens: np.ndarray, source: _Vectors) -> float:
    """1 when a word that the source lacks is the opposite of the source's word in its place, else 0."""
    known = set(source.stems)
    lacking = [k for k, place in enumerate(parsed.content) if parsed.stems[place] not in known]
    if not lacking or not source.stems:
        return 0.0
    partners = (tokens[lacking] @ source.tokens.T).argmax(axis=1)
    pairs = zip((parsed.stems[parsed.content[k]] for k in lacking), partners, strict=True)
    return float(any(source.stems[partner] in find_opposites(stem) for stem, partner in pairs))


@lru_cache(maxsize=16)
def _embed_source(contexts: tuple[str, ...]) -> _Vectors:
    texts = read_source(contexts).texts
    parsed = [parse(text) for text in texts]
    sentences, tokens = _embed(texts, parsed)
    return _Vectors(
        sentences=sentences,
        tokens=np.concatenate(tokens) if tokens else np.zeros((0, sentences.shape[1]), np.float32),
        stems=tuple(p.stems[i] for p in parsed for i in p.content),
    )


def _embed(texts: Sequence[str], parsed: Sequence[Parsed]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Vectors of the texts, and of the content words of each."""
    model = load_model()
    if not texts:
        return np.zeros((0, model.dimension), np.float32), []
    embedded = model.embed_spans(list(texts), [[p.spans[i] for i in p.content] for p in parsed])
    return np.stack([e.vector for e in embedded]), [e.span_vectors.astype(np.float32) for e in embedded]
