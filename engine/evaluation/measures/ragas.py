"""ragas' metrics that need no model, in bulk. The only importer of ragas, and only when they are scored: it takes 2 s.

Bound to ragas 0.4.3's metric classes. Three things differ from calling them one by one:

* every text is embedded in one bulk call before scoring; ragas would embed one at a time (183 ms a sample against 22);
* a question with several gold answers is scored against each, and the best counts, as SQuAD does; facts are joined;
* context precision and recall compare a gold span with a longer chunk, for which ragas' whole-string Levenshtein is
  near 0 even when the chunk holds the span. ragas takes a distance of one's own: here it is the best-matching window
  of the longer text (partial ratio), with 0.8 as the threshold because short spans resemble some window of any text.

A ragas failure, an exception or NaN, is ``failed`` with its reason.
"""

from __future__ import annotations

import asyncio
import importlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import ProviderError
from engine.evaluation.measures.measure import Score
from engine.lean_imports import deferred_meanwhile
from engine.types import Gap

RAGAS_DESCRIPTIONS: dict[str, str] = {
    "ragas.non_llm_context_precision": "ragas: average precision of the contexts in order; a context is relevant when "
    "it holds a gold span (best-matching window, at least 0.8 alike).",
    "ragas.non_llm_context_recall": "ragas: share of the gold spans that some context holds (best-matching window, "
    "more than 0.8 alike).",
    "ragas.rouge": "ragas: ROUGE-L F1 of answer and reference, stemmed; the best of several references.",
    "ragas.bleu": "ragas: BLEU of answer and reference (sacrebleu); near 0 for short references by its nature.",
    "ragas.chrf": "ragas: character n-gram F-score of answer and reference (sacrebleu).",
    "ragas.string_similarity": "ragas: 1 - normalised Levenshtein distance of answer and reference.",
    "ragas.semantic_similarity": "ragas: cosine of answer and reference in the run's embedding model.",
}
THRESHOLD = 0.8
_CONTEXT = ("ragas.non_llm_context_precision", "ragas.non_llm_context_recall")
Embed = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSample:
    """One answered question as texts, in ragas' words; ``references`` are alternatives.

    ``abstained``: the target said that it does not know, so nothing was claimed. ``gap``: why no contexts came.
    """

    user_input: str
    response: str
    references: tuple[str, ...]
    retrieved_contexts: tuple[str, ...]
    reference_contexts: tuple[str, ...]
    abstained: bool = False
    gap: Gap | None = None


def score_texts(samples: Sequence[TextSample], names: Sequence[str], embed: Embed | None) -> list[dict[str, Score]]:
    """Scores of every sample under every name, in order.

    Args:
        embed: texts to unit vectors; called once. Without it, or when it fails, semantic similarity fails with that reason.
    """
    applicable = [(name, s) for s in samples for name in names if not _find_reason(name, s)]
    if not applicable:
        return [{name: Score.not_applicable(_find_reason(name, s)) for name in names} for s in samples]
    vectors: Mapping[str, np.ndarray] = {}
    lacking = "no embedding model at hand"
    if embed and "ragas.semantic_similarity" in names:
        texts = sorted({t or " " for _, s in applicable for t in (s.response, *s.references)})
        try:
            vectors = dict(zip(texts, embed(texts), strict=True))
        except ProviderError as error:
            lacking = error.message
    metrics = _build_metrics(names, vectors, lacking)
    with ThreadPoolExecutor(1) as thread:  # asyncio.run refuses a thread that has a loop already, as a notebook's has
        return thread.submit(asyncio.run, _score_all(samples, names, metrics)).result()


def _find_reason(name: str, sample: TextSample) -> str:
    if name in _CONTEXT:
        return "" if sample.reference_contexts else "the case has no gold span whose text is at hand"
    return "" if sample.references else "the case has no reference answer"


async def _score_all(
    samples: Sequence[TextSample], names: Sequence[str], metrics: Mapping[str, Any]
) -> list[dict[str, Score]]:
    rows = []
    for sample in samples:
        row = {}
        for name in names:
            reason = _find_reason(name, sample)
            row[name] = Score.not_applicable(reason) if reason else await _score_one(name, metrics[name], sample)
        rows.append(row)
    return rows


async def _score_one(name: str, metric: Any, sample: TextSample) -> Score:
    if isinstance(metric, Score):
        return metric
    try:
        if name not in _CONTEXT:
            answers = [await metric.ascore(reference=r, response=sample.response) for r in sample.references]
            value = max(float(a.value) for a in answers)
        elif sample.gap:
            return Score.failed(sample.gap.reason) if sample.gap.fails else Score.not_applicable(sample.gap.reason)
        elif not sample.retrieved_contexts:
            return Score.of(0.0, "no context was chosen")  # ragas raises on an empty list
        else:
            value = float(await metric._single_turn_ascore(sample, None))
    except (ValueError, TypeError, AssertionError, ArithmeticError, LookupError, AttributeError) as error:
        return Score.failed(f"ragas: {type(error).__name__}: {error}")
    if not math.isfinite(value):
        return Score.failed(f"ragas gave {value}")
    return Score.of(min(max(value, 0.0), 1.0) if name != "ragas.semantic_similarity" else value)


def _build_metrics(names: Sequence[str], vectors: Mapping[str, np.ndarray], lacking: str) -> dict[str, Any]:
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"  # before the import: it starts a thread that phones home
    with deferred_meanwhile("nltk", "nltk.stem"):  # ROUGE wants a stemmer, and would read all of nltk and scipy.stats
        importlib.import_module("rouge_score.rouge_scorer")
    from ragas.embeddings.base import BaseRagasEmbedding
    from ragas.metrics._context_precision import NonLLMContextPrecisionWithReference
    from ragas.metrics._context_recall import NonLLMContextRecall  # not in collections; ragas.metrics warns of them
    from ragas.metrics.collections import (
        BleuScore,
        CHRFScore,
        NonLLMStringSimilarity,
        RougeScore,
        SemanticSimilarity,
    )

    class StoredEmbedding(BaseRagasEmbedding):
        """Looks vectors up; all were embedded in bulk before."""

        def embed_text(self, text: str, **_: Any) -> list[float]:
            return vectors[text]  # type: ignore[return-value]  # ragas makes an array of it

        async def aembed_text(self, text: str, **_: Any) -> list[float]:
            return self.embed_text(text)

    window: Any = _WindowSimilarity()
    build: dict[str, Callable[[], Any]] = {
        "ragas.non_llm_context_precision": lambda: NonLLMContextPrecisionWithReference(
            distance_measure=window, threshold=THRESHOLD
        ),
        "ragas.non_llm_context_recall": lambda: NonLLMContextRecall(_distance_measure=window, threshold=THRESHOLD),
        "ragas.rouge": RougeScore,
        "ragas.bleu": BleuScore,
        "ragas.chrf": CHRFScore,
        "ragas.string_similarity": NonLLMStringSimilarity,
        "ragas.semantic_similarity": lambda: (
            SemanticSimilarity(embeddings=StoredEmbedding()) if vectors else Score.failed(lacking)
        ),
    }
    return {name: build[name]() for name in names}


class _WindowSimilarity:
    """ragas' distance measure for context metrics, without its per-pair sample objects, callbacks and tracking."""

    async def single_turn_ascore(self, sample: Any, callbacks: Any = None) -> float:
        """Similarity in [0, 1] of a context (``sample.reference``) and a gold span (``sample.response``)."""
        return measure_window_similarity(sample.reference, sample.response)


def measure_window_similarity(context: str, gold: str) -> float:
    """How much of ``gold`` the best window of ``context`` holds; a context shorter than the gold is compared whole."""
    from rapidfuzz import fuzz
    from rapidfuzz.distance import Levenshtein

    if gold in context:
        return 1.0
    if len(context) < len(gold):
        return Levenshtein.normalized_similarity(context, gold)
    return fuzz.partial_ratio(gold, context) / 100
