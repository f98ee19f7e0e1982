"""What a sentence holds, told once when it is indexed: its telling words, its names, and signs of what it could answer."""

from __future__ import annotations

import enum
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.context.opposites import NEGATION
from engine.context.words import NUMBER_WORDS, SIGNS, STOP_WORDS, find_names, find_stems, find_words, stem
from engine.types import ScoredChunk, SentenceArrays, WordLists

# White space, list marks and headings that may stand between two sentences that follow each other.
NEIGHBOUR_GAP = 40
_POINTS_BACK = re.compile(r"(He|She|It|They|This|These|Those|That|His|Her|Its|Their|Such)\b")
# A bold label, a short line that ends with a colon, a title of up to three words without any mark or number.
_LABEL = re.compile(r"(\*\*|__)[^*_]+\1[.:]?|[^.!?:|]{0,25}:|[A-ZÀ-Þ][^\W\d_]*(?: [^\W\d_]+){0,2}")


class Sign(enum.IntFlag):
    """What a sentence holds."""

    SAYS = 1  # it can answer: no heading, no rule of a table, no lone label
    QUESTION = 2
    DURATION = 4
    MONEY = 8
    NUMBER = 16
    TIME = 32
    CAUSE = 64
    COMMAND = 128
    NUMBER_WORD = 256
    POINTS_BACK = 512  # begins with a pronoun: what it is about stands before it
    NEGATION = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceTable:
    """The sentences that questions are put to, each once, in the order of their documents.

    Attributes:
        documents: names; ``document`` (n,) points into them.
        follows: bool (n,), whether a sentence follows the row before it in the same document.
        about: int (n,), row of ``about_words``: the words of the titles and headings that a sentence stands under.
    """

    documents: tuple[str, ...]
    document: np.ndarray
    arrays: SentenceArrays
    follows: np.ndarray
    about: np.ndarray
    about_words: WordLists

    def __len__(self) -> int:
        return len(self.document)


def describe_sentences(texts: Sequence[str]) -> tuple[np.ndarray, WordLists, WordLists]:
    """Signs (uint16), telling words and names of each sentence."""
    signs = np.fromiter((_find_signs(text) for text in texts), np.uint16, len(texts))
    words = [sorted(map(hash_word, find_stems(text))) for text in texts]
    names = [sorted({hash_word(stem(name.lower())) for name in find_names(text)}) for text in texts]
    return signs, WordLists.from_lists(words), WordLists.from_lists(names)


@lru_cache(maxsize=50_000)
def hash_word(word: str) -> int:
    """32 bits that stand for a word."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def hash_telling(word: str) -> int | None:
    """The hash of a word's stem; None for a stop word."""
    return None if word in STOP_WORDS else hash_word(stem(word))


@lru_cache(maxsize=4_096)
def hash_words(text: str) -> tuple[int, ...]:
    """The hashes of a text's telling stems."""
    return tuple(map(hash_word, find_stems(text)))


def join_sentences(chunks: Sequence[ScoredChunk]) -> tuple[SentenceTable, list[np.ndarray]]:
    """The sentences of retrieved chunks, those that two chunks share once.

    Returns:
        the table, and for each chunk the rows of its sentences in it.
    """
    names = tuple(dict.fromkeys(chunk.document for chunk in chunks))
    place = {name: i for i, name in enumerate(names)}
    counts = [len(chunk.sentences.tokens) for chunk in chunks]
    spans = np.concatenate([chunk.sentences.spans for chunk in chunks])
    document = np.repeat([place[chunk.document] for chunk in chunks], counts)
    # Of two pieces of a sentence, one of them cut by its chunk's border, the one that holds the other stays.
    order = np.lexsort((-spans[:, 1], spans[:, 0], document))
    ends = (document[order].astype(np.int64) << 32) + spans[order, 1]
    first = np.ones(len(order), bool)
    first[1:] = ends[1:] > np.maximum.accumulate(ends)[:-1]
    rows = np.empty(len(order), np.int64)
    rows[order] = np.cumsum(first) - 1
    kept = order[first]
    joined = _concatenate([chunk.sentences for chunk in chunks], kept)
    about = [hash_words(f"{chunk.title} {chunk.heading}") for chunk in chunks]
    groups = {words: i for i, words in enumerate(dict.fromkeys(about))}
    table = SentenceTable(
        documents=names,
        document=document[kept],
        arrays=joined,
        follows=find_followers(document[kept], joined.spans),
        about=np.repeat([groups[words] for words in about], counts)[kept],
        about_words=WordLists.from_lists(list(groups)),
    )
    return table, np.split(rows, np.cumsum(counts)[:-1])


def find_followers(document: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Bool (n,): whether a sentence stands right behind the row before it."""
    follows = np.zeros(len(document), bool)
    follows[1:] = (document[1:] == document[:-1]) & (spans[1:, 0] - spans[:-1, 1] <= NEIGHBOUR_GAP)
    return follows


def _concatenate(arrays: Sequence[SentenceArrays], kept: np.ndarray) -> SentenceArrays:
    def lists(parts: Sequence[WordLists]) -> WordLists:
        values = np.concatenate([part.values for part in parts])
        return WordLists.from_counts(values, np.concatenate([part.counts for part in parts])).take(kept)

    return SentenceArrays(
        spans=np.concatenate([a.spans for a in arrays])[kept],
        vectors=np.concatenate([a.vectors for a in arrays])[kept],
        tokens=np.concatenate([a.tokens for a in arrays])[kept],
        signs=np.concatenate([a.signs for a in arrays])[kept],
        words=lists([a.words for a in arrays]),
        names=lists([a.names for a in arrays]),
    )


def _find_signs(text: str) -> int:
    found = 0
    if not text.startswith("#") and not _LABEL.fullmatch(text) and any(c.isalpha() for c in text):
        found |= Sign.SAYS
    if text.rstrip('*_"”’ ').endswith("?"):
        found |= Sign.QUESTION
    for name, patterns in SIGNS.items():
        if any(pattern.search(text) for pattern in patterns):
            found |= Sign[name.upper()]
    if NEGATION.search(text):
        found |= Sign.NEGATION
    if _POINTS_BACK.match(text):
        found |= Sign.POINTS_BACK
    if not NUMBER_WORDS.isdisjoint(find_words(text)):
        found |= Sign.NUMBER_WORD
    return int(found)
