"""What words mean by themselves: the bundled model's input embeddings, one vector a stem, for words that are not the same.

Words that the model's vocabulary holds whole are known, about 20,000 stems. Their vectors are centred on the mean of the
vocabulary, reduced to their principal components and kept as int8: 4 MB.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from engine.embedding.weights import SHA256, check_weights, find_model_folder, write_whole
from engine.settings import home

VERSION = 1
DIMENSION = 192
# The model's vocabulary begins with special and unused tokens, punctuation and single letters.
FIRST_WORD = 1996


class Lexicon:
    """Vectors by the hash of a stem. ``hashes`` uint32 (n,) is sorted; ``vectors`` int8 (n, d) with a length of 127."""

    def __init__(self, hashes: np.ndarray, vectors: np.ndarray) -> None:
        self.hashes, self.vectors = hashes, vectors

    def compare(self, terms: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Cosines float32 (terms, words) between hashed stems; 1 for the same word, 0 where one of the two is unknown."""
        cosines = self._find(terms) @ self._find(words).T
        return np.where(terms[:, None] == words[None, :], np.float32(1), np.minimum(cosines, 1))

    def _find(self, hashes: np.ndarray) -> np.ndarray:
        rows = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        known = self.hashes[rows] == hashes
        return np.where(known[:, None], self.vectors[rows], 0).astype(np.float32) / 127


@lru_cache(maxsize=1)
def load_lexicon(hash_word: Callable[[str], int | None]) -> Lexicon:
    """The lexicon of the bundled model, built once and kept under ``PHASEGATE_HOME/models``.

    Args:
        hash_word: gives the hash of a word's stem, None for a word that tells nothing.

    Raises:
        ModelFileError: the bundled model is missing or damaged.
    """
    path = home() / "models" / f"words-{SHA256[:12]}-v{VERSION}.npz"
    if not path.is_file():
        hashes, vectors = _build(hash_word)
        content = io.BytesIO()
        np.savez(content, hashes=hashes, vectors=vectors)
        write_whole(path, content.getvalue())
    with np.load(path) as stored:
        return Lexicon(stored["hashes"], stored["vectors"])


def _build(hash_word: Callable[[str], int | None]) -> tuple[np.ndarray, np.ndarray]:
    from safetensors import safe_open
    from tokenizers import Tokenizer

    folder = find_model_folder()
    check_weights(folder / "model.safetensors")
    with safe_open(folder / "model.safetensors", framework="numpy") as weights:
        embeddings = weights.get_tensor("embeddings.word_embeddings.weight").astype(np.float32)
    centred = embeddings - embeddings[FIRST_WORD:].mean(axis=0)
    _, directions = np.linalg.eigh(centred[FIRST_WORD:].T @ centred[FIRST_WORD:])
    reduced = centred @ directions[:, -DIMENSION:]
    reduced /= np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-9)
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    whole = {word: row for word, row in vocabulary.items() if row >= FIRST_WORD and word.isalpha()}
    by_hash: dict[int, list[int]] = {}
    for word, row in sorted(whole.items(), key=lambda item: item[1]):
        key = hash_word(word)
        if key is not None:
            by_hash.setdefault(key, []).append(row)
    hashes = np.array(sorted(by_hash), np.uint32)
    # Forms of a word: the most frequent one, which comes first in the vocabulary, speaks for all.
    vectors = np.stack([reduced[by_hash[int(key)][0]] for key in hashes])
    return hashes, np.round(127 * vectors).astype(np.int8)
