"""BM25 over the chunks of any chunking, from the places of the words in the documents, which are found once.

The same words as the index (``engine.retrieval.terms``, then lower case, Porter's second stemmer, accents folded) and the
same formula: k1 1.2, b 0.75, idf ln(1 + (N - n + 0.5) / (n + 0.5)).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from engine.retrieval import index_terms

if TYPE_CHECKING:
    from engine.tuning.corpus import ChunkSet

K1, B = 1.2, 0.75
LONGEST_WORD = 80
# Scripts without spaces between words: the index knows them by pairs of characters.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\s{_UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")


@lru_cache(maxsize=1)
def load_stemmer() -> Callable[[str], str]:
    """Porter's second stemmer; its import takes a second."""
    from nltk.stem.snowball import EnglishStemmer

    return lru_cache(maxsize=200_000)(EnglishStemmer().stem)


@lru_cache(maxsize=200_000)
def analyse_word(word: str) -> str:
    """What the index makes of a word; empty for one that is too long."""
    if len(word.encode("utf-8", "surrogatepass")) >= LONGEST_WORD:
        return ""
    stemmed = load_stemmer()(word.lower())
    return "".join(c for c in unicodedata.normalize("NFKD", stemmed) if not unicodedata.combining(c))


class WordPlaces:
    """Where the words of the documents stand, and the BM25 scores of questions against chunks."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._vocabulary: dict[str, int] = {}
        self._terms = lru_cache(maxsize=500_000)(self._number_run)
        lengths = np.array([len(text) for text in texts], np.int64) + 1
        self._base = np.concatenate([[0], np.cumsum(lengths)])
        terms: list[int] = []
        starts: list[int] = []
        ends: list[int] = []
        for text, base in zip(texts, self._base.tolist(), strict=False):
            for match in _RUN.finditer(text):
                found = self._terms(match.group())
                begin, end = base + match.start(), base + match.end()
                pairs = len(found) > 1 and _IS_UNSPACED.match(match.group()) is not None
                terms += found
                starts += range(begin, begin + len(found)) if pairs else [begin] * len(found)
                ends += range(begin + 2, begin + 2 + len(found)) if pairs else [end] * len(found)
        self._term = np.array(terms, np.int64)
        self._start, self._end = np.array(starts, np.int64), np.array(ends, np.int64)

    def _number_run(self, run: str) -> tuple[int, ...]:
        """The numbers of the terms of a piece of text without white space."""
        return self.number(index_terms(run).split())

    def number(self, words: Sequence[str]) -> tuple[int, ...]:
        """The numbers of words that are already apart; words that no document holds get numbers of their own."""
        terms = [term for term in map(analyse_word, words) if term]
        return tuple(self._vocabulary.setdefault(term, len(self._vocabulary)) for term in terms)

    def read(self, text: str) -> list[int]:
        """The terms of a passage, in order."""
        return [term for run in _RUN.findall(text) for term in self._terms(run)]

    def score(self, questions: Sequence[Sequence[int]], chunks: ChunkSet) -> np.ndarray:
        """Float32 (questions, chunks); 0.0 where no word is shared. ``questions`` are terms as ``read`` gives them."""
        prefixes = [self.read(prefix) for prefix in chunks.prefixes]
        size = len(self._vocabulary)
        wanted = np.zeros(size, bool)
        wanted[[term for question in questions for term in question]] = True
        first = np.searchsorted(self._start, self._base[chunks.document] + chunks.start, "left")
        last = np.searchsorted(self._end, self._base[chunks.document] + chunks.end, "right")
        lengths = np.maximum(last - first, 0) + np.array([len(p) for p in prefixes], np.int64)[chunks.prefix]
        pairs = self._find_pairs(wanted, first, last, prefixes, chunks.prefix)
        keys, counts = np.unique(pairs, return_counts=True)
        term, chunk = np.divmod(keys, max(1, len(chunks)))
        average = max(1.0, float(lengths.mean())) if len(chunks) else 1.0
        norm = K1 * (1 - B + B * lengths / average)
        offsets = np.searchsorted(term, np.arange(size + 1))
        holders = np.diff(offsets)
        idf = np.log1p((len(chunks) - holders + 0.5) / (holders + 0.5))
        weights = (idf[term] * counts * (K1 + 1) / (counts + norm[chunk])).astype(np.float32)
        return self._add_up(questions, offsets, chunk, weights, len(chunks))

    def _find_pairs(
        self,
        wanted: np.ndarray,
        first: np.ndarray,
        last: np.ndarray,
        prefixes: Sequence[Sequence[int]],
        prefix: np.ndarray,
    ) -> np.ndarray:
        """term * chunks + chunk for every wanted word of every chunk and its prefix."""
        total = len(first)
        counts = np.maximum(last - first, 0)
        words = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
        owner = np.repeat(np.arange(total), counts)
        terms = self._term[words]
        kept = wanted[terms]
        heads = [np.array([t for t in p if wanted[t]], np.int64) for p in prefixes]
        repeated = [heads[i] for i in prefix.tolist()]
        head_owner = np.repeat(np.arange(total), [len(h) for h in repeated])
        head_terms = np.concatenate(repeated) if repeated else np.zeros(0, np.int64)
        return np.concatenate([terms[kept] * total + owner[kept], head_terms * total + head_owner])

    def _add_up(
        self,
        questions: Sequence[Sequence[int]],
        offsets: np.ndarray,
        chunk: np.ndarray,
        weights: np.ndarray,
        chunks: int,
    ) -> np.ndarray:
        scores = np.zeros((len(questions), chunks), np.float32)
        for row, question in zip(scores, questions, strict=True):
            for term in question:
                low, high = offsets[term], offsets[term + 1]
                row[chunk[low:high]] += weights[low:high]
        return scores
