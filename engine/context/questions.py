"""Questions as arrays, so that one or a whole suite of them is put to sentences in the same operations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.context.opposites import NEGATION, load_opposites
from engine.context.sentences import Sign, hash_word
from engine.context.words import NAME_KINDS, Question, find_stems, find_words, stem
from engine.types import WordLists

# Terms of a question that are looked for; each is one bit of a mask.
MOST_TERMS = 64
_NAME = re.compile(r"\b(?:[A-Z][\w'’-]+|\w*\d\w*)")


@dataclass(frozen=True, slots=True)
class QuestionBatch:
    """Some questions, q of them, with up to t terms each.

    Attributes:
        hashes: uint32 (q, t); ``present`` (q, t) tells the terms from the padding.
        weights: float32 (q, t), how telling each term is, divided by their sum.
        raw: float32 (q, t), the same before the division.
        codes, names: bool (q, t), terms that look like identifiers, terms written as names or with digits.
        signs: uint16 (q,), what a sentence that answers would hold, 0 for any; ``wants_name`` (q,) is for persons and
            places; ``counts`` (q,) is the number of terms.
        negations: int (q,), words of negation in each question.
        opposites: for each question, pairs of a term's hash and the hash of a word that excludes it.
    """

    texts: tuple[str, ...]
    hashes: np.ndarray
    present: np.ndarray
    weights: np.ndarray
    raw: np.ndarray
    codes: np.ndarray
    names: np.ndarray
    signs: np.ndarray
    wants_name: np.ndarray
    counts: np.ndarray
    negations: np.ndarray
    opposites: tuple[tuple[tuple[int, int], ...], ...]

    def __len__(self) -> int:
        return len(self.texts)


def batch_questions(questions: Sequence[Question]) -> QuestionBatch:
    """Lay questions out as arrays."""
    terms = [dict(list(question.terms.items())[-MOST_TERMS:]) for question in questions]
    width = max((len(t) for t in terms), default=0) or 1
    shape = (len(questions), width)
    hashes, raw = np.zeros(shape, np.uint32), np.zeros(shape, np.float32)
    present, codes, names = np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape, bool)
    for i, (question, weights) in enumerate(zip(questions, terms, strict=True)):
        named = find_stems(" ".join(_NAME.findall(question.text[1:])))
        for j, (term, weight) in enumerate(weights.items()):
            hashes[i, j], raw[i, j], present[i, j] = hash_word(term), weight, True
            codes[i, j], names[i, j] = term in question.codes, term in named
    signs = [Sign[q.kind.upper()] if q.kind and q.kind not in NAME_KINDS else 0 for q in questions]
    signs = [s | Sign.NUMBER_WORD if s in (Sign.NUMBER, Sign.DURATION) else s for s in signs]
    return QuestionBatch(
        texts=tuple(question.text for question in questions),
        hashes=hashes,
        present=present,
        weights=raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-9),
        raw=raw,
        codes=codes,
        names=names,
        signs=np.array(signs, np.uint16),
        wants_name=np.array([q.kind in NAME_KINDS for q in questions]),
        counts=present.sum(axis=1),
        negations=np.array([len(NEGATION.findall(q.text)) for q in questions], np.int64),
        opposites=tuple(_list_opposites(q.text) for q in questions),
    )


def _list_opposites(text: str) -> tuple[tuple[int, int], ...]:
    known = load_opposites()
    stems = dict.fromkeys(map(stem, find_words(text)))
    return tuple((hash_word(word), hash_word(other)) for word in stems for other in known.get(word, ()))


def match_terms(questions: QuestionBatch, words: WordLists) -> np.ndarray:
    """Which terms of each question stand in each list of words.

    Returns:
        uint64 (q, lists); bit t is set when term t of the question is in the list.
    """
    masks = np.zeros((len(questions), len(words.offsets) - 1), np.uint64)
    order = np.argsort(words.values, kind="stable")
    values = words.values[order]
    lists = np.repeat(np.arange(masks.shape[1]), words.counts)[order]
    low = np.searchsorted(values, questions.hashes, "left")
    high = np.searchsorted(values, questions.hashes, "right")
    for q, t in zip(*np.nonzero(questions.present & (high > low)), strict=True):
        masks[q, lists[low[q, t] : high[q, t]]] |= np.uint64(1 << int(t))
    return masks


def weigh_terms(masks: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The summed weights of the terms in masks: masks (q, ...), weights (q, t), the result float32 (q, ...)."""
    width = weights.shape[1]
    bits = (masks[..., None] >> np.arange(width, dtype=np.uint64)) & np.uint64(1)
    spread = weights.reshape(len(weights), *(1,) * (masks.ndim - 1), width)
    return (bits.astype(np.float32) * spread).sum(axis=-1)
