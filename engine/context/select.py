"""Retrieved chunks to a context: the passages that hold the evidence, under a token budget, and its quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.context.coefficients import Coefficients
from engine.context.evidence import build_evidence
from engine.context.quality import estimate_quality
from engine.context.words import Question
from engine.settings import PipelineSettings
from engine.types import Context, ContextPart, EvidenceSentence, ScoredChunk

# Passages are added until they hold this share of the evidence.
EVIDENCE_SHARE = 0.98
# Characters that a token of running text has at most, on average.
LONGEST_TOKEN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The context, its sentences best first, and the chunks re-ranked by their best sentence."""

    context: Context
    evidence: tuple[EvidenceSentence, ...]
    chunks: tuple[ScoredChunk, ...]


def select_context(
    question: Question,
    vector: np.ndarray,
    chunks: Sequence[ScoredChunk],
    settings: PipelineSettings,
    count_tokens: Callable[[str], int],
    coefficients: Coefficients,
) -> Selection:
    """Choose the context of a question.

    Chunks are ordered by their best sentence. Those under ``min_similarity`` are left out; the others are taken until
    they hold 98 % of the evidence or fill ``budget_tokens``. What two chunks of a document share is taken once.
    """
    sentences, features = build_evidence(question, vector, chunks)
    if not sentences:
        return Selection(context=Context(parts=(), quality=0.0, tokens=0), evidence=(), chunks=tuple(chunks))
    scores = coefficients.score_sentences(features)
    best = _best_by_chunk(sentences, scores, chunks)
    ranked = sorted(range(len(chunks)), key=lambda i: -best[i])
    allowed = [
        i for i in ranked if settings.mode == "lexical" or _closeness(chunks[i], vector) >= settings.min_similarity
    ]
    relevance = _probabilities(scores)
    parts, tokens = _fill(allowed, chunks, sentences, relevance, settings.budget_tokens, count_tokens)
    inside = [
        i
        for i, s in enumerate(sentences)
        if any(s.document == p.document and s.start >= p.start and s.end <= p.end for p in parts)
    ]
    order = sorted(inside, key=lambda i: -scores[i])
    quality = estimate_quality(
        question, [sentences[i] for i in order], features[order], scores[order], parts, coefficients
    )
    evidence = tuple(replace(sentences[i], score=float(scores[i]), relevance=float(relevance[i])) for i in order)
    context = Context(parts=tuple(parts), quality=quality, tokens=tokens)
    return Selection(context=context, evidence=evidence, chunks=tuple(chunks[i] for i in ranked))


def _best_by_chunk(
    sentences: Sequence[EvidenceSentence], scores: np.ndarray, chunks: Sequence[ScoredChunk]
) -> list[float]:
    """The best score among the sentences that lie in each chunk, those it shares with another chunk included."""
    by_start = {(s.document, s.start): float(score) for s, score in zip(sentences, scores, strict=True)}
    lowest = float(scores.min())
    return [
        max((by_start.get((c.document, a), lowest) for a in c.sentence_spans[:, 0].tolist()), default=lowest)
        for c in chunks
    ]


def _probabilities(scores: np.ndarray) -> np.ndarray:
    """The softmax of the scores: how likely each sentence is the one that answers. They were fitted under this loss."""
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def _closeness(chunk: ScoredChunk, vector: np.ndarray) -> float:
    sentences = chunk.sentence_vectors.astype(np.float32) @ vector
    return max(chunk.similarity, float(sentences.max(initial=-1.0)))


def _fill(
    order: Sequence[int],
    chunks: Sequence[ScoredChunk],
    sentences: Sequence[EvidenceSentence],
    relevance: np.ndarray,
    budget: int,
    count_tokens: Callable[[str], int],
) -> tuple[list[ContextPart], int]:
    parts: list[ContextPart] = []
    tokens, share = 0, 0.0
    for i in order:
        part = _without_overlap(chunks[i], parts)
        if part is None:
            continue
        if parts and len(part.text) > LONGEST_TOKEN * (budget - tokens):
            continue  # cannot fit; counting its tokens would cost more than choosing it
        count = count_tokens(part.text)
        if parts and tokens + count > budget:
            continue
        held = sum(
            weight
            for sentence, weight in zip(sentences, relevance.tolist(), strict=True)
            if sentence.document == part.document and part.start <= sentence.start < part.end
        )
        parts.append(replace(part, score=round(held, 6)))
        tokens += count
        share += held
        if share >= EVIDENCE_SHARE or tokens >= budget:
            break
    return parts, tokens


def _without_overlap(chunk: ScoredChunk, parts: Sequence[ContextPart]) -> ContextPart | None:
    """The chunk less what the parts already hold of it; None when nothing is left."""
    start, end = chunk.start, chunk.end
    for part in parts:
        if part.document == chunk.document and start < part.end and part.start < end:
            if part.start <= start:
                start = min(end, part.end)
            else:
                end = max(start, part.start)
    text = chunk.text[start - chunk.start : end - chunk.start]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    if not text:
        return None
    return ContextPart(
        document=chunk.document,
        chunk_index=chunk.chunk_index,
        start=start,
        end=start + len(text),
        text=text,
        score=0.0,
    )
