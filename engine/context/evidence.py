"""Every sentence of the retrieved chunks, ordered by how likely it answers the question.

The score is linear in features that cost array operations and a look at the words; its coefficients were fitted with a
softmax over the sentences of one question (ListNet's top-one loss, Cao et al. 2007), see ``engine/calibration.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from engine.context.words import Question, answers_kind, find_stems
from engine.types import EvidenceSentence, ScoredChunk

# A bold label, a short line that ends with a colon, a title of up to three words without any mark or number.
_LABEL = re.compile(r"(\*\*|__)[^*_]+\1[.:]?|[^.!?:|]{0,25}:|[A-ZÀ-Þ][^\W\d_]*(?: [^\W\d_]+){0,2}")

FEATURES = (
    "similarity",
    "chunk_similarity",
    "chunk_rank",
    "lexical",
    "coverage",
    "wide_coverage",
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
        similarities = (chunk.sentence_vectors.astype(np.float32) @ vector).tolist()
        spans = chunk.sentence_spans.tolist()
        texts = [chunk.text[start - chunk.start : end - chunk.start] for start, end in spans]
        words = [find_stems(text) for text in texts]
        about = find_stems(f"{chunk.title} {chunk.heading}")
        of_chunk = [chunk.similarity, 1 / (1 + rank), chunk.lexical / best_lexical]
        for i, (start, end) in enumerate(spans):
            if (chunk.document, start) in seen or not _says_something(texts[i]):
                continue
            seen.add((chunk.document, start))
            sentences.append(
                EvidenceSentence(
                    document=chunk.document,
                    chunk_index=chunk.chunk_index,
                    start=start,
                    end=end,
                    text=texts[i],
                    score=0.0,
                    similarity=similarities[i],
                    title=chunk.title,
                )
            )
            own = _word_features(question, texts[i], words[i], (about, *words[max(0, i - 1) : i + 2]))
            rows.append([similarities[i], *of_chunk, *own, i == 0])
    return sentences, np.array(rows, np.float32).reshape(-1, len(FEATURES))


def _word_features(question: Question, text: str, own: frozenset[str], near: Sequence[frozenset[str]]) -> list[float]:
    """Features from ``coverage`` to ``code``; ``near`` are the words of the sentence, its neighbours and the headings."""
    coverage = wide = 0.0
    shared = 0
    for term, weight in question.terms.items():
        if term in own:
            coverage += weight
            wide += weight
            shared += 1
        elif any(term in words for words in near):
            wide += weight
    codes = question.codes
    return [
        coverage / question.weight,
        wide / question.weight,
        answers_kind(question.kind, text, question),
        math.log1p(len(own) - shared),
        math.log1p(len(own)),
        float(text.rstrip('*_"”’ ').endswith("?")),
        sum(any(code in words for words in near) for code in codes) / len(codes) if codes else 0.0,
    ]


def _says_something(text: str) -> bool:
    """Whether a sentence can answer: no heading, no rule of a table, no lone label."""
    if text.startswith("#") or _LABEL.fullmatch(text):
        return False
    return any(c.isalpha() for c in text)
