"""Every sentence of the retrieved chunks, ordered by how likely it answers the question.

The score is linear in features that cost array operations and a look at the words; its coefficients were fitted with a
softmax over the sentences of one question (ListNet's top-one loss, Cao et al. 2007), see ``engine/calibration.py``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.context.words import STOP_WORDS, Question, answers_kind, find_words, stem
from engine.types import EvidenceSentence, ScoredChunk

_LABEL = re.compile(r"(\*\*|__)[^*_]+\1[.:]?|[^.!?:|]{0,25}:")

FEATURES = (
    "similarity",
    "similarity_rank",
    "chunk_similarity",
    "chunk_rank",
    "lexical",
    "coverage",
    "wide_coverage",
    "pairs",
    "kind",
    "new_words",
    "words",
    "question_mark",
    "code",
    "first",
)


def build_evidence(
    question: Question, vector: np.ndarray, chunks: Sequence[ScoredChunk]
) -> tuple[list[EvidenceSentence], np.ndarray]:
    """Sentences of the chunks, each once, with their features.

    Returns:
        the sentences with score 0.0, and a float array (sentences, ``len(FEATURES)``).
    """
    sentences: list[EvidenceSentence] = []
    rows: list[list[float]] = []
    seen: set[tuple[str, int]] = set()
    best_lexical = max((c.lexical for c in chunks), default=0.0) or 1.0
    for rank, chunk in enumerate(chunks):
        similarities = chunk.sentence_vectors.astype(np.float32) @ vector
        words = [_stems(_cut(chunk, a, b)) for a, b in chunk.sentence_spans]
        about = _stems(f"{chunk.title} {chunk.heading}")
        for i, (start, end) in enumerate(chunk.sentence_spans.tolist()):
            if (chunk.document, start) in seen:
                continue
            seen.add((chunk.document, start))
            text = _cut(chunk, start, end)
            if not _says_something(text):
                continue
            near = set(words[i]) | set(about)
            near.update(*words[max(0, i - 1) : i + 2])
            sentences.append(
                EvidenceSentence(
                    document=chunk.document,
                    chunk_index=chunk.chunk_index,
                    start=start,
                    end=end,
                    text=text,
                    score=0.0,
                    similarity=float(similarities[i]),
                    title=chunk.title,
                )
            )
            own = _word_features(question, text, words[i], near)
            rows.append([similarities[i], 0.0, chunk.similarity, 1 / (1 + rank), chunk.lexical / best_lexical, *own, i == 0])
    features = np.array(rows, np.float32).reshape(-1, len(FEATURES))
    if len(features):
        order = np.argsort(np.argsort(-features[:, 0]))
        features[:, 1] = 1 / (1 + order)
    return sentences, features


def _word_features(question: Question, text: str, words: tuple[str, ...], near: set[str]) -> list[float]:
    own = set(words)
    coverage = sum(weight for term, weight in question.terms.items() if term in own) / question.weight
    wide = sum(weight for term, weight in question.terms.items() if term in near) / question.weight
    pairs = len(question.pairs & set(zip(words, words[1:], strict=False))) / max(1, len(question.pairs))
    new = len(own - question.terms.keys())
    code = sum(term in near for term in question.codes) / len(question.codes) if question.codes else 0.0
    return [
        coverage,
        wide,
        pairs,
        answers_kind(question.kind, text, question),
        float(np.log1p(new)),
        float(np.log1p(len(words))),
        float(text.rstrip("*_\"”’ ").endswith("?")),
        code,
    ]


def _says_something(text: str) -> bool:
    """Whether a sentence can answer: no heading, no rule of a table, no lone label."""
    if text.startswith("#") or _LABEL.fullmatch(text):
        return False
    return any(c.isalpha() for c in text)


def _cut(chunk: ScoredChunk, start: int, end: int) -> str:
    return chunk.text[start - chunk.start : end - chunk.start]


@lru_cache(maxsize=50_000)
def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in find_words(text) if word not in STOP_WORDS)
