"""Sentences ordered by how likely they answer a question.

The score is linear in features that are array operations over (questions, sentences); its coefficients were fitted with a
softmax over the sentences of one question (ListNet's top-one loss, Cao et al. 2007), see ``engine/calibration.py``.
The first features depend on question and sentence alone, whatever the chunks; the others on the chunk that a sentence was
retrieved with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.context.questions import QuestionBatch, match_terms, weigh_terms
from engine.context.sentences import SentenceTable, Sign

OWN_FEATURES = (
    "similarity",
    "similarity_before",
    "similarity_behind",
    "coverage",
    "coverage_before",
    "coverage_behind",
    "about_coverage",
    "wide_coverage",
    "soft_coverage",
    "soft_missing",
    "name_coverage",
    "plain_coverage",
    "kind",
    "new_names",
    "new_words",
    "words",
    "tokens",
    "short",
    "question_mark",
    "points_back",
    "code",
    "opens",
)
CHUNK_FEATURES = ("chunk_similarity", "chunk_rank", "lexical")
FEATURES = (*OWN_FEATURES, *CHUNK_FEATURES)
# Cosine of two words under which one says nothing of the other.
LEAST_CLOSENESS = 0.3


@dataclass(frozen=True, slots=True)
class OwnEvidence:
    """What does not depend on chunks: ``features`` by name, each (q, s) or (s,); ``wide`` uint64 (q, s), the terms that a
    sentence, its neighbours and its headings hold."""

    features: Mapping[str, np.ndarray]
    wide: np.ndarray


@dataclass(frozen=True, slots=True)
class ChunkEvidence:
    """How sentences were retrieved: ``retrieved`` bool (q, s), the features of their best chunk, and ``chunk`` (q, s), that
    chunk's place in the ranking, -1 for none."""

    retrieved: np.ndarray
    features: Mapping[str, np.ndarray]
    chunk: np.ndarray


class Lexicon(Protocol):
    """What words mean: cosines (terms, words) between hashed stems, 1 for the same word, 0 for unknown ones."""

    def compare(self, terms: np.ndarray, words: np.ndarray) -> np.ndarray: ...


def describe_own(questions: QuestionBatch, vectors: np.ndarray, table: SentenceTable, lexicon: Lexicon) -> OwnEvidence:
    """The features of ``OWN_FEATURES``; ``vectors`` float32 (q, d) are the questions'."""
    arrays, follows = table.arrays, table.follows
    own = match_terms(questions, arrays.words)
    about = match_terms(questions, table.about_words)[:, table.about]
    before, behind = _shift(own, follows)
    wide = own | about | before | behind
    shared = np.bitwise_count(own).astype(np.float32)
    words = arrays.words.counts.astype(np.float32)
    says = (arrays.signs & Sign.SAYS) > 0
    opens = np.ones(len(table), bool)
    opens[1:] = ~(follows[1:] & says[:-1])
    similarity = vectors.astype(np.float32) @ arrays.vectors.astype(np.float32).T
    similarity_before, similarity_behind = _shift(similarity, follows)
    soft, missing = _cover_softly(questions, table, lexicon)
    known_names = np.bitwise_count(match_terms(questions, arrays.names))
    features = {
        "similarity": similarity,
        "similarity_before": similarity_before,
        "similarity_behind": similarity_behind,
        "coverage": weigh_terms(own, questions.weights),
        "coverage_before": weigh_terms(before & ~own, questions.weights),
        "coverage_behind": weigh_terms(behind & ~own, questions.weights),
        "about_coverage": weigh_terms(about, questions.weights),
        "wide_coverage": weigh_terms(wide, questions.weights),
        "soft_coverage": soft,
        "soft_missing": missing,
        "name_coverage": _cover_part(own, questions.names),
        "plain_coverage": _cover_part(own, questions.present & ~questions.names),
        "kind": _match_kind(questions, table),
        "new_names": np.minimum(arrays.names.counts - known_names, 4).astype(np.float32),
        "new_words": np.log1p(np.maximum(words - shared, 0)),
        "words": np.log1p(words),
        "tokens": np.log1p(arrays.tokens).astype(np.float32),
        "short": (words < 4).astype(np.float32),
        "question_mark": ((arrays.signs & Sign.QUESTION) > 0).astype(np.float32),
        "points_back": ((arrays.signs & Sign.POINTS_BACK) > 0).astype(np.float32),
        "code": _cover_part(wide, questions.codes),
        "opens": opens.astype(np.float32),
    }
    return OwnEvidence(features, wide)


def describe_retrieved(
    table: SentenceTable, rows: Sequence[Sequence[np.ndarray]], similarity: np.ndarray, lexical: np.ndarray
) -> ChunkEvidence:
    """The features of ``CHUNK_FEATURES``.

    Args:
        rows: for each question its retrieved chunks, best first, each as the rows of its sentences.
        similarity, lexical: (q, k), of the retrieved chunks.
    """
    shape = (len(rows), len(table))
    chunk = np.full(shape, -1, np.int32)
    for q, ranked in enumerate(rows):
        for rank in range(len(ranked) - 1, -1, -1):
            chunk[q, ranked[rank]] = rank
    retrieved = chunk >= 0
    place = np.maximum(chunk, 0)
    share = lexical / np.maximum(lexical.max(axis=1, keepdims=True, initial=0.0), 1e-9)
    features = {
        "chunk_similarity": np.take_along_axis(similarity, place, axis=1),
        "chunk_rank": (1 / (1 + place)).astype(np.float32),
        "lexical": np.take_along_axis(share, place, axis=1),
    }
    return ChunkEvidence(retrieved, features, chunk)


def score_evidence(features: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """The weighted sum of features (q, s)."""
    total: np.ndarray | float = 0.0
    for name, values in features.items():
        total = total + np.float32(weights[name]) * values
    return np.asarray(total, np.float32)


def _shift(values: np.ndarray, follows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values (q, s) of the sentence before and of the one behind; 0 where there is none."""
    before, behind = np.zeros_like(values), np.zeros_like(values)
    before[:, 1:] = np.where(follows[1:], values[:, :-1], 0)
    behind[:, :-1] = np.where(follows[1:], values[:, 1:], 0)
    return before, behind


def _cover_part(masks: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Share of some of the terms, ``part`` bool (q, t), that the masks hold; 0 where there are none."""
    if not part.any():
        return np.zeros(masks.shape, np.float32)
    return weigh_terms(masks, (part / np.maximum(part.sum(axis=1, keepdims=True), 1)).astype(np.float32))


def _cover_softly(questions: QuestionBatch, table: SentenceTable, lexicon: Lexicon) -> tuple[np.ndarray, np.ndarray]:
    """Coverage in which a word of like meaning counts in part, and the weight of the term that is missed most."""
    words = table.arrays.words
    coverage = np.zeros((len(questions), len(table)), np.float32)
    missing = np.zeros_like(coverage)
    full = np.flatnonzero(words.counts)
    if not len(full):
        return coverage, missing
    unique, place = np.unique(words.values, return_inverse=True)
    starts = words.offsets[full]
    for q in range(len(questions)):
        terms = questions.hashes[q, questions.present[q]]
        closeness = np.clip((lexicon.compare(terms, unique) - LEAST_CLOSENESS) / (1 - LEAST_CLOSENESS), 0, 1)
        best = np.maximum.reduceat(closeness[:, place], starts, axis=1)
        coverage[q, full] = questions.weights[q, questions.present[q]] @ best
        missing[q] = questions.raw[q].max()
        missing[q, full] = (questions.raw[q, questions.present[q], None] * (1 - best)).max(axis=0, initial=0.0)
    return coverage, missing


def _match_kind(questions: QuestionBatch, table: SentenceTable) -> np.ndarray:
    """1 where the sentence holds something of the kind asked for, -1 where not, 0 where no kind is asked for."""
    signs = questions.signs[:, None]
    found = np.where((table.arrays.signs & signs) > 0, 1.0, -1.0)
    kind = np.where(signs > 0, found, 0.0)
    if questions.wants_name.any():
        known = np.bitwise_count(match_terms(questions, table.arrays.names))
        named = np.where(table.arrays.names.counts > known, 1.0, -1.0)
        kind = np.where(questions.wants_name[:, None], named, kind)
    return kind.astype(np.float32)
