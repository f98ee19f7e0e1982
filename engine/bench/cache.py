"""What caches save: time of an answer by tier, hits on a stream of questions, false hits, vectors of texts embedded before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.bench.cache_stream import replay_rivals, replay_stream
from engine.bench.cache_tiers import time_similar, time_tiers
from engine.bench.goals import BenchGoal, hold_goals
from engine.bench.question_stream import build_stream, describe_stream
from engine.bench.questions import ingest_questions_corpus, load_turns
from engine.bench.quoting_model import quote_sentence
from engine.bench.scripted_model import STAND_IN, ScriptedModel
from engine.corpora import CorpusReport, ingest_corpus, shipped_corpora
from engine.embedding import load_embedder
from engine.pipeline import open_pipeline
from engine.serving.semantic import load_figures, load_threshold
from engine.settings import PipelineSettings

QUESTIONS = 20
REQUESTS = 1_000
MODEL_SECONDS = 0.3
CORPORA = shipped_corpora()
GOALS = {
    "memory_hit_p50_ms": BenchGoal(figure="exact.memory.p50_ms", direction="<", bound=1, unit=" ms"),
    "store_hit_p50_ms": BenchGoal(figure="exact.store.p50_ms", direction="<", bound=5, unit=" ms"),
    "store_of_another_process_hit_p50_ms": BenchGoal(
        figure="exact.store_of_another_process.p50_ms", direction="<", bound=5, unit=" ms"
    ),
    "memory_speedup_over_model": BenchGoal(figure="model.speedup.memory", direction=">=", bound=100, unit=" times"),
    "store_speedup_over_model": BenchGoal(figure="model.speedup.store", direction=">=", bound=100, unit=" times"),
    "false_hit_rate": BenchGoal(figure="semantic.held_out.false_hits", direction="<", bound=0.01),
    "hit_rate_on_stream": BenchGoal(figure="stream.hit_rate", direction=">=", bound=0.6),
}


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Figures that need no model are the engine's own; ``model`` alone speaks to a scripted one, and says so.

    Args:
        data: labelled sets; the semantic tier is then measured on their held-out halves, else its shipped figures are given.
    """
    settings = PipelineSettings().with_values(overrides)
    load_embedder(settings).embed(["Warm up."])
    corpus = ingest_questions_corpus(None, settings)
    pipeline = open_pipeline(corpus, settings)
    pipeline.warm_up()
    questions = [turn.question for turn in load_turns(None, 10**6)]
    stream = build_stream(questions, REQUESTS)
    replayed = replay_stream(pipeline, stream)
    del replayed["answers"]
    figures = {
        "exact": time_tiers(pipeline, questions[:QUESTIONS]),
        "model": _time_model(corpus, questions[:QUESTIONS]),
        "stream": {**replayed, **describe_stream(stream), "instead": replay_rivals(pipeline, stream)},
        "semantic": {**_measure_semantic(data, settings), "hit": time_similar(pipeline, questions[:QUESTIONS])},
        "vectors": _measure_vectors(settings),
    }
    return {"goals": hold_goals(figures, GOALS), **figures}


def _time_model(corpus: str, questions: list[str]) -> dict[str, Any]:
    """The exact tiers against answers of a model that takes 300 ms and is asked once an answer, the least that there is."""
    with ScriptedModel(reply=quote_sentence) as server:
        settings = PipelineSettings(provider="litellm", model="scripted", validators=0, repair=0)
        pipeline = open_pipeline(corpus, settings, specs=(server.make_spec("scripted"),))
        pipeline.answer(questions[0])
        server.script.delay_s = MODEL_SECONDS
        figures = time_tiers(pipeline, questions[: QUESTIONS // 2])
    return {"stand_in": True, "name": STAND_IN, "takes_ms": 1000 * MODEL_SECONDS, **figures}


def _measure_semantic(data: Path | None, settings: PipelineSettings) -> dict[str, Any]:
    if data is None:
        return {"measured": "when the threshold was fitted", **load_figures()}
    from engine.serving.question_pairs import build_pairs, find_sets
    from engine.serving.semantic_fit import measure_cosines, report_pairs

    embed = load_embedder(settings).embed
    folders = find_sets(data)
    pairs = [pair for pair in build_pairs(folders, embed) if pair.held_out]
    report = report_pairs(pairs, measure_cosines(pairs, embed), load_threshold())
    return {
        "measured": "now",
        "threshold": load_threshold(),
        "data": [folder.name for folder in folders],
        "held_out": report,
    }


def _measure_vectors(settings: PipelineSettings) -> dict[str, Any]:
    """The vector cache when the same files are ingested under another name."""
    first = {name: ingest_corpus(f"{name}-first", [path], settings) for name, path in CORPORA.items()}
    again = {name: ingest_corpus(f"{name}-again", [path], settings) for name, path in CORPORA.items()}
    return {
        "uncached_s": _sum(first, "seconds"),
        "cached_s": _sum(again, "seconds"),
        "speedup": _sum(first, "seconds") / _sum(again, "seconds"),
        "hit_rate": _sum(again, "reused") / max(1.0, _sum(again, "reused") + _sum(again, "embedded")),
        "documents": int(_sum(first, "documents")),
    }


def _sum(reports: Mapping[str, CorpusReport], field: str) -> float:
    return float(sum(getattr(report, field) for report in reports.values()))
