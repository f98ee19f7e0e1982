"""Sentences ordered by how likely they answer a question.

The score is linear in features that are array operations over (questions, sentences); its coefficients were fitted with a
softmax over the sentences of one question (ListNet's top-one loss, Cao et al. 2007), see ``engine/calibration.py``.
The first features depend on question and sentence alone, whatever the chunks; the others on the chunk that a sentence was
retrieved with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.context.questions import QuestionBatch, match_terms, weigh_terms
from engine.context.sentences import SentenceTable, Sign

OWN_FEATURES = (
    "similarity",
    "coverage",
    "wide_coverage",
    "kind",
    "new_words",
    "words",
    "question_mark",
    "code",
    "opens",
)
CHUNK_FEATURES = ("chunk_similarity", "chunk_rank", "lexical")
FEATURES = (*OWN_FEATURES, *CHUNK_FEATURES)


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


def describe_own(questions: QuestionBatch, vectors: np.ndarray, table: SentenceTable) -> OwnEvidence:
    """The features of ``OWN_FEATURES``; ``vectors`` float32 (q, d) are the questions'."""
    arrays = table.arrays
    own = match_terms(questions, arrays.words)
    wide = own | match_terms(questions, table.about_words)[:, table.about]
    wide[:, 1:] |= np.where(table.follows[1:], own[:, :-1], np.uint64(0))
    wide[:, :-1] |= np.where(table.follows[1:], own[:, 1:], np.uint64(0))
    shared = np.bitwise_count(own).astype(np.float32)
    words = arrays.words.counts.astype(np.float32)
    codes = questions.codes / np.maximum(questions.codes.sum(axis=1, keepdims=True), 1)
    says = (arrays.signs & Sign.SAYS) > 0
    opens = np.ones(len(table), bool)
    opens[1:] = ~(table.follows[1:] & says[:-1])
    features = {
        "similarity": vectors.astype(np.float32) @ arrays.vectors.astype(np.float32).T,
        "coverage": weigh_terms(own, questions.weights),
        "wide_coverage": weigh_terms(wide, questions.weights),
        "kind": _match_kind(questions, table),
        "new_words": np.log1p(np.maximum(words - shared, 0)),
        "words": np.log1p(words),
        "question_mark": ((arrays.signs & Sign.QUESTION) > 0).astype(np.float32),
        "code": weigh_terms(wide, codes) if codes.any() else np.float32(0),
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
