"""Context quality of contexts that another system chose: the engine's own calibrated estimate, from their texts.

The contexts take the place of the retrieved chunks, in the order they came, and the engine's selection rates what it
would answer from. A foreign target does not tell how its contexts scored in a search by words, which the estimate leans
on: BM25 over the given contexts stands in, with the engine's weights of words for the inverse document frequencies.
docs/decisions/0013-targets.md has what that costs in accuracy.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.settings import PipelineSettings
from engine.types import ScoredChunk, SentenceArrays

LONGEST_QUESTION = 2_000
KEPT_TEXTS = 2_000
# BM25's usual constants (Robertson and Zaragoza 2009).
K1, B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class QualityReading:
    """``quality`` in [0, 1]; ``tokens`` of all contexts, as the embedding model counts them."""

    quality: float
    tokens: int


@dataclass(frozen=True, slots=True)
class _Passage:
    text: str
    vector: np.ndarray
    sentences: SentenceArrays
    stems: Counter[str]


class QualityMeter:
    """Rates contexts; the model is loaded when the first ones come. Safe to use from several threads."""

    def __init__(self, settings: PipelineSettings) -> None:
        self._settings = replace(settings, min_similarity=-1.0, reranker="none")
        self._lock = threading.Lock()
        self._parts: Any = None
        self._known: OrderedDict[str, _Passage] = OrderedDict()

    def rate(self, question: str, texts: Sequence[str]) -> QualityReading:
        """The calibrated probability that the contexts support an answer; 0 without any sentence."""
        from engine.context.select import select_context
        from engine.context.words import parse_question

        texts = [text for text in texts if text.strip()]
        if not texts:
            return QualityReading(0.0, 0)
        embedder, coefficients, lexicon = self._load()
        asked = parse_question(question[:LONGEST_QUESTION])
        vector = embedder.embed([asked.text])[0]
        passages = self._read(texts, embedder)
        words = _score_words(asked.terms, passages)
        chunks = [_build_chunk(i, p, vector, w) for i, (p, w) in enumerate(zip(passages, words, strict=True))]
        selection = select_context(asked, vector, chunks, self._settings, coefficients, lexicon)
        tokens = sum(int(passage.sentences.tokens.sum()) for passage in passages)
        return QualityReading(float(selection.context.quality or 0.0), tokens)

    def _load(self) -> Any:
        from engine.context.coefficients import load_coefficients
        from engine.context.sentences import hash_telling
        from engine.embedding import load_embedder
        from engine.embedding.lexicon import load_lexicon

        with self._lock:
            if self._parts is None:
                self._parts = load_embedder(self._settings), load_coefficients(), load_lexicon(hash_telling)
            return self._parts

    def _read(self, texts: Sequence[str], embedder: Any) -> list[_Passage]:
        """Passages with their sentences; contexts come back from question to question, so the last ones are kept."""
        with self._lock:
            known = {text: self._known[text] for text in texts if text in self._known}
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        known |= dict(zip(fresh, _describe_passages(fresh, embedder) if fresh else (), strict=True))
        with self._lock:
            for text in texts:
                self._known[text] = known[text]
                self._known.move_to_end(text)
            while len(self._known) > KEPT_TEXTS:
                self._known.popitem(last=False)
        return [known[text] for text in texts]


def _describe_passages(texts: Sequence[str], embedder: Any) -> list[_Passage]:
    from engine.context.sentences import describe_sentences
    from engine.context.words import find_words, stem
    from engine.ingestion.sentences import split_sentences

    spans = [split_sentences(text) for text in texts]
    passages = []
    for text, own, embedded in zip(texts, spans, embedder.embed_spans(texts, spans), strict=True):
        pieces = [text[start:end] for start, end in own]
        signs, words, names = describe_sentences(pieces)
        arrays = SentenceArrays(
            spans=np.array(own, np.int64).reshape(-1, 2),
            vectors=embedded.span_vectors,
            tokens=np.array(embedder.count_tokens(pieces) if pieces else [], np.int64),
            signs=signs,
            words=words,
            names=names,
        )
        passages.append(_Passage(text, embedded.vector, arrays, Counter(map(stem, find_words(text)))))
    return passages


def _score_words(terms: Mapping[str, float], passages: Sequence[_Passage]) -> list[float]:
    """BM25 of a question's terms and each passage."""
    lengths = [max(1, passage.stems.total()) for passage in passages]
    mean = sum(lengths) / len(lengths)
    scores = []
    for passage, length in zip(passages, lengths, strict=True):
        damping = K1 * (1 - B + B * length / mean)
        counts = ((weight, passage.stems[term]) for term, weight in terms.items())
        scores.append(sum(weight * n * (K1 + 1) / (n + damping) for weight, n in counts))
    return scores


def _build_chunk(rank: int, passage: _Passage, vector: np.ndarray, lexical: float) -> ScoredChunk:
    """A context as a retrieved chunk of a document of its own."""
    return ScoredChunk(
        document=str(rank),
        chunk_index=0,
        start=0,
        end=len(passage.text),
        text=passage.text,
        title="",
        heading="",
        score=1 / (1 + rank),
        similarity=float(passage.vector @ vector),
        lexical=lexical,
        sentences=passage.sentences,
    )
