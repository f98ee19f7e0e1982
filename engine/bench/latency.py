"""Latency before and after: cold and warm, without and with the vector cache, by preset and by the given settings.

Pairs are over the same questions or texts, in turn, so that what slows the machine for a while slows both.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.bench.figures import latency_figures, mean_figure, pair_figures
from engine.bench.questions import ingest_questions_corpus, load_turns
from engine.bench.texts import load_texts
from engine.embedding import load_embedder
from engine.embedding.cache import VectorCache
from engine.ingestion.sentences import split_sentences
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PRESETS, ROOT, PipelineSettings, home, load_settings

QUESTIONS = 100
COLD_STARTS = 5
TEXTS = 60
BASE = "balanced"
_COLD = """
import sys, time
started = time.perf_counter()
import json
from engine.pipeline import open_pipeline
from engine.settings import PipelineSettings
open_pipeline(sys.argv[1], PipelineSettings().with_values(json.loads(sys.argv[2]))).answer(sys.argv[3])
print(1000 * (time.perf_counter() - started))
"""


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Milliseconds of an answer; ``difference`` is after less before, with its interval over the pairs."""
    settings = load_settings(BASE, overrides)
    corpus = ingest_questions_corpus(data, settings)
    questions = [turn.question for turn in load_turns(data, QUESTIONS)]
    pipeline = _open(corpus, settings)
    warm = [_ask(pipeline, question) for question in questions]
    cold = [_ask_cold(corpus, settings, questions[0]) for _ in range(COLD_STARTS)]
    again = [_ask(pipeline, questions[0]) for _ in range(COLD_STARTS)]
    figures: dict[str, Any] = {
        "questions": len(questions),
        "provider": settings.model or settings.provider,
        "warm": latency_figures(warm),
        "cold": {"mean_ms": mean_figure(cold), "what": "from the start of Python to the first answer"},
        "cold_to_warm": pair_figures(cold, again),
        "embedding_uncached_to_cached": _time_vectors(data, settings),
        "presets": _compare_presets(corpus, overrides, questions),
    }
    if overrides:
        base = _open(corpus, load_settings(BASE))
        figures["default_to_given_settings"] = _compare(base, pipeline, questions)
    return figures


def _compare_presets(corpus: str, overrides: Mapping[str, Any], questions: Sequence[str]) -> dict[str, Any]:
    base = _open(corpus, load_settings(BASE, overrides))
    others = [name for name in PRESETS if name != BASE]
    return {
        f"{BASE}_to_{name}": _compare(base, _open(corpus, load_settings(name, overrides)), questions) for name in others
    }


def _compare(before: RagPipeline, after: RagPipeline, questions: Sequence[str]) -> dict[str, Any]:
    pairs = [(_ask(before, question), _ask(after, question)) for question in questions]
    return pair_figures([a for a, _ in pairs], [b for _, b in pairs])


def _open(corpus: str, settings: PipelineSettings) -> RagPipeline:
    pipeline = open_pipeline(corpus, settings)
    pipeline.warm_up()
    return pipeline


def _ask(pipeline: RagPipeline, question: str) -> float:
    return float(pipeline.answer(question).timings_ms["total"])


def _ask_cold(corpus: str, settings: PipelineSettings, question: str) -> float:
    import json

    command = [sys.executable, "-c", _COLD, corpus, json.dumps(settings.as_dict()), question]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return float(done.stdout.split()[-1])


def _time_vectors(data: Path | None, settings: PipelineSettings) -> dict[str, Any]:
    """Each text embedded, then read back from the cache."""
    embedder = load_embedder(settings)
    texts = [text[:1024] for text in load_texts(data) if text][:TEXTS]
    spans = [split_sentences(text) for text in texts]
    cache = VectorCache(home() / "bench-vectors.sqlite")
    times: list[list[float]] = [[], []]
    try:
        for text, own in zip(texts, spans, strict=True):
            for kept in times:
                started = time.perf_counter()
                cache.embed_spans(embedder, [text], [own])
                kept.append(1000 * (time.perf_counter() - started))
    finally:
        cache.close()
    return pair_figures(times[0], times[1])
