"""What the index itself says of a question: the nearest chunks by meaning, the best by words. Nothing is fetched yet.

The embedding model and LanceDB do this outside of the interpreter, so that it may be done while other questions have the
interpreter (:func:`search_index`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.retrieval.filters import parse_filter
from engine.retrieval.fusion import DEPTH
from engine.retrieval.terms import question_terms
from engine.settings import PipelineSettings
from engine.types import Condition, ScoredChunk

# BM25 is asked deeper than the dense ranking: scores of chunks that meaning finds are known more often.
LEXICAL_DEPTH = 2 * DEPTH
# How often a word of a follow-up question counts against one of the earlier questions that it leans on.
BACKGROUND_REPEATS = 2

_lexical_thread = ThreadPoolExecutor(max_workers=4, thread_name_prefix="lexical")


class ChunkIndex(Protocol):
    """What retrieval needs of an index."""

    def count(self) -> int: ...
    def search_dense(
        self, vector: np.ndarray, k: int, conditions: Sequence[Condition] = ()
    ) -> list[tuple[int, float]]: ...
    def search_lexical(
        self, words: str, k: int, conditions: Sequence[Condition] = (), expansion: str = "", repeats: int = 3
    ) -> list[tuple[int, float]]: ...
    def fetch(self, scores: dict[int, tuple[float, float]], vector: np.ndarray) -> list[ScoredChunk]: ...
    def fetch_places(self, rows: Sequence[int]) -> dict[int, tuple[str, int, int]]: ...
    def count_documents(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Search:
    """Everything about one question that the steps share."""

    index: ChunkIndex
    text: str
    words: str
    conditions: tuple[Condition, ...]
    settings: PipelineSettings
    background: str = ""

    @classmethod
    def open(cls, index: ChunkIndex, text: str, settings: PipelineSettings, background: str = "") -> Search:
        """The search for ``text``, and for the words of ``background`` that it does not have itself.

        Raises:
            SettingError: ``filter`` cannot be read.
        """
        words = question_terms(text)
        return cls(
            index,
            f"{text} {background}".strip(),
            words,
            parse_filter(settings.filter),
            settings,
            _further(words, background),
        )

    def find_words(self, depth: int, expansion: str = "") -> tuple[list[tuple[int, float]], int]:
        """The lexical ranking and the number of chunks in the corpus."""
        if not self.background:
            return self.index.search_lexical(self.words, depth, self.conditions, expansion), self.index.count()
        further = f"{self.background} {expansion}" if expansion else self.background
        repeats = BACKGROUND_REPEATS
        return self.index.search_lexical(self.words, depth, self.conditions, further, repeats), self.index.count()

    def find_meaning(self, vector: np.ndarray, depth: int) -> list[tuple[int, float]]:
        """The dense ranking, empty in lexical mode."""
        return [] if self.settings.mode == "lexical" else self.index.search_dense(vector, depth, self.conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rankings:
    """Row ids with cosine similarities and with BM25 scores, best first; of ``chunks`` in the corpus."""

    vector: np.ndarray
    dense: Sequence[tuple[int, float]]
    lexical: Sequence[tuple[int, float]]
    chunks: int
    embed_ms: float
    search_ms: float


def search_index(search: Search, embed: Callable[[], np.ndarray], clock: Callable[[], float]) -> Rankings:
    """Ask the index. The lexical search runs while the question is embedded.

    Args:
        embed: gives the question's vector.
        clock: milliseconds.
    """
    settings, started = search.settings, clock()
    by_words = settings.mode != "dense"
    waiting = _lexical_thread.submit(search.find_words, max(LEXICAL_DEPTH, settings.top_k)) if by_words else None
    vector = embed()
    embedded = clock()
    dense = search.find_meaning(vector, max(DEPTH, settings.top_k))
    lexical, count = waiting.result() if waiting else ([], 0)
    return Rankings(
        vector=vector,
        dense=dense,
        lexical=lexical,
        chunks=count,
        embed_ms=embedded - started,
        search_ms=clock() - embedded,
    )


def _further(words: str, background: str) -> str:
    """The words of the background that the question does not have itself."""
    own = {word.lower() for word in words.split()}
    return " ".join(word for word in question_terms(background).split() if word.lower() not in own)
