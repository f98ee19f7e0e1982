"""The calibrated decision whether a question that was answered before asks the same as a new one.

Vectors find candidates, words decide (:mod:`engine.serving.question_signs`), and a cosine below the fitted threshold refuses
what words let through. Threshold and figures stand in ``semantic.json`` beside this module, with their sources.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.serving.question_signs import QuestionSigns, find_difference, read_signs

PATH = Path(__file__).with_name("semantic.json")
# Candidates by cosine whose words are compared.
CANDIDATES = 8
# Longer questions carry their own material: a log, a contract, a program. They are only ever found exactly.
LONGEST_QUESTION = 400


@lru_cache(maxsize=1)
def load_threshold() -> float:
    """The shipped cosine threshold."""
    return float(load_figures()["threshold"])


def load_figures() -> Mapping[str, Any]:
    """Threshold, false-hit and hit rates on the held-out part with their intervals, sources, split, code and date."""
    content: Mapping[str, Any] = json.loads(PATH.read_text())
    return content


def asks_the_same(a: str, b: str, cosine: float, threshold: float) -> bool:
    """Whether the answer to one question answers the other."""
    if cosine < threshold or max(len(a), len(b)) > LONGEST_QUESTION:
        return False
    return not find_difference(read_signs(a), read_signs(b))


class QuestionIndex:
    """Questions of one scope by vector. Safe to use from several threads; grows by doubling, forgets by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._vectors = np.empty((0, 0), np.float32)
        self._entries: list[tuple[str, str, QuestionSigns]] = []
        self._rows: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def dimension(self) -> int:
        """Of the vectors; 0 before the first one."""
        return int(self._vectors.shape[1])

    def add(self, key: str, question: str, vector: np.ndarray) -> bool:
        """Remember a question under ``key``; a key that is there already keeps its place.

        Returns:
            whether it is new and can be remembered: not when it is too long, or its vector of another size.
        """
        if len(question) > LONGEST_QUESTION or vector.ndim != 1 or not vector.size:
            return False
        entry = (key, question, read_signs(question))
        with self._lock:
            if not self._entries and self.dimension != len(vector):
                self._vectors = np.empty((64, len(vector)), np.float32)
            if key in self._rows or len(vector) != self.dimension:
                return False
            if len(self._entries) == len(self._vectors):
                self._vectors = np.concatenate([self._vectors, np.empty_like(self._vectors)])
            self._rows[key] = len(self._entries)
            self._vectors[len(self._entries)] = vector
            self._entries.append(entry)
            return True

    def oldest(self) -> str | None:
        """The key that was added first; None of an empty index."""
        with self._lock:
            return next(iter(self._rows), None)

    def remove(self, key: str) -> None:
        """Forget a question; the last one takes its row."""
        with self._lock:
            row = self._rows.pop(key, None)
            if row is None:
                return
            last = self._entries.pop()
            if row < len(self._entries):
                self._entries[row] = last
                self._vectors[row] = self._vectors[len(self._entries)]
                self._rows[last[0]] = row

    def find(self, question: str, vector: np.ndarray, threshold: float) -> list[str]:
        """Keys of questions that ask the same, the most similar first."""
        if len(question) > LONGEST_QUESTION:
            return []
        signs = read_signs(question)
        with self._lock:
            count = len(self._entries)
            cosines = self._vectors[:count] @ vector
            near = np.argsort(-cosines, kind="stable")[:CANDIDATES]
            candidates = [self._entries[i] for i in near if cosines[i] >= threshold]
        return [key for key, _, own in candidates if not find_difference(own, signs)]
