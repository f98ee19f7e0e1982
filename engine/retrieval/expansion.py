"""Pseudo-relevance feedback: words that the best passages of a first search share, added to the second."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from engine.retrieval.terms import index_terms

__all__ = ["expand_question"]

FEEDBACK_PASSAGES = 5


def expand_question(known: str, passages: Sequence[str], words: int) -> str:
    """The ``words`` most telling words of the first passages that the others lack, joined by spaces.

    A word's worth is the share of the first five passages that have it times its rarity among all passages given.

    Args:
        known: the words that are searched already, joined by spaces.
        passages: texts, best first.
    """
    lists = [_read_passage(text) for text in passages]
    everywhere = Counter(word for terms in lists for word in terms)
    near = Counter(word for terms in lists[:FEEDBACK_PASSAGES] for word in terms)
    skipped = {word.lower() for word in known.split()}
    worth = {
        word: count * math.log((1 + len(lists)) / everywhere[word])
        for word, count in near.items()
        if count > 1 and word not in skipped
    }
    return " ".join(sorted(worth, key=lambda word: (-worth[word], word))[:words])


@lru_cache(maxsize=4096)  # a suite's questions find the same passages again and again
def _read_passage(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.lower() for word in index_terms(text).split()))
