"""What words mean by themselves: the bundled model's input embeddings, one vector a stem, for words that are not the same.

Words that the model's vocabulary holds whole are known, about 20,000 stems. Their vectors are centred on the mean of the
vocabulary, reduced to their principal components and kept as int8: 4 MB.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.embedding.weights import SHA256, check_weights, find_model_folder, write_whole
from engine.settings import home

VERSION = 2
DIMENSION = 192
# The model's vocabulary begins with special and unused tokens, punctuation and single letters.
FIRST_WORD = 1996
SLICE = 2048


class Lexicon:
    """Vectors by the hash of a stem. ``hashes`` uint32 (n,) is sorted; ``vectors`` int8 (n, d) with a length of 127."""

    def __init__(self, hashes: np.ndarray, vectors: np.ndarray) -> None:
        self.hashes, self.vectors = hashes, vectors

    def compare(self, terms: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Cosines float32 (terms, words) between hashed stems; 1 for the same word, 0 where one of the two is unknown."""
        left, asked = self._find(terms)
        right, known = self._find(words)
        cosines = (left / np.float32(127 * 127)) @ right.T
        cosines[~asked] = 0
        cosines[:, ~known] = 0
        np.minimum(cosines, 1, out=cosines)
        cosines[terms[:, None] == words[None, :]] = 1
        return cosines

    def _find(self, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A vector of length 127 for each hash, and whether it is known; that of an unknown one means nothing."""
        rows = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return self.vectors[rows].astype(np.float32), self.hashes[rows] == hashes


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
    from tokenizers import Tokenizer

    folder = find_model_folder()
    check_weights(folder / "model.safetensors")
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    rows: dict[int, int] = {}
    for word, row in sorted(vocabulary.items(), key=lambda item: item[1]):
        key = hash_word(word) if row >= FIRST_WORD and word.isalpha() else None
        if key is not None:
            # Forms of a word: the most frequent one, which comes first in the vocabulary, speaks for all.
            rows.setdefault(key, row)
    hashes = np.array(sorted(rows), np.uint32)
    wanted = np.array([rows[int(key)] for key in hashes])
    with _Rows(folder / "model.safetensors", "embeddings.word_embeddings.weight") as table:
        parts = [(low, min(low + SLICE, table.count)) for low in range(FIRST_WORD, table.count, SLICE)]
        mean = sum(table.read(*part).sum(axis=0, dtype=np.float64) for part in parts) / (table.count - FIRST_WORD)
        products = sum((centred := table.read(*part) - mean).T @ centred for part in parts)
        _, directions = np.linalg.eigh(products)
        projection = directions[:, -DIMENSION:].astype(np.float32)
        vectors = np.zeros((len(hashes), DIMENSION), np.int8)
        for low, high in parts:
            inside = np.flatnonzero((wanted >= low) & (wanted < high))
            reduced = (table.read(low, high)[wanted[inside] - low] - mean.astype(np.float32)) @ projection
            vectors[inside] = np.round(127 * reduced / np.linalg.norm(reduced, axis=1, keepdims=True))
    return hashes, vectors


class _Rows:
    """Rows of one float32 matrix of a safetensors file, read a slice at a time: mapped, all of it would stay in memory."""

    def __init__(self, path: Path, name: str) -> None:
        self._file = path.open("rb")
        (length,) = struct.unpack("<Q", self._file.read(8))
        entry = json.loads(self._file.read(length))[name]
        self.count, self._width = entry["shape"]
        self._start = 8 + length + entry["data_offsets"][0]

    def read(self, low: int, high: int) -> np.ndarray:
        """Rows ``low`` to before ``high``."""
        self._file.seek(self._start + 4 * self._width * low)
        return np.frombuffer(self._file.read(4 * self._width * (high - low)), "<f4").reshape(-1, self._width)

    def __enter__(self) -> _Rows:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
