"""Cost of 1,000 requests, and what settings change of it: presets in pairs over the same questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.bench.cache_stream import replay_stream
from engine.bench.figures import mean_figure, pair_figures
from engine.bench.goals import BenchGoal, hold_goals
from engine.bench.question_stream import Request, build_stream, describe_stream
from engine.bench.questions import ingest_questions_corpus, load_turns
from engine.bench.quoting_model import quote_sentence
from engine.bench.scripted_model import BenchModel, ScriptedModel, open_model
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PRESETS, PipelineSettings
from engine.types import Answer

QUESTIONS = 30
BASE = "balanced"
REQUESTS = 1_000
# With caches: a stream of so many requests over so many questions.
STREAM_QUESTIONS = 10**6
STREAM_REQUESTS = 500
GOALS = {
    "hit_rate_on_stream": BenchGoal(figure="with_cache.hit_rate", direction=">=", bound=0.6),
    "cost_saved_by_caches": BenchGoal(figure="with_cache.usd_per_1000.saved_share", direction=">=", bound=0.5),
}
PRICES = {"prompt_usd_per_million": 0.15, "completion_usd_per_million": 0.60}


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """By preset: USD of 1,000 requests where the model has a price, and tokens of a request; each against ``balanced``."""
    questions = [turn.question for turn in load_turns(data, QUESTIONS)]
    with open_model(overrides) as model:
        corpus = ingest_questions_corpus(data, model.settings)
        answers = {name: _ask(model, corpus, name, questions) for name in PRESETS}
    figures: dict[str, Any] = {"stand_in": model.stand_in, "model": model.settings.model, "questions": len(questions)}
    priced = any(answer.cost_usd > 0 for own in answers.values() for answer in own)
    for name, own in answers.items():
        figures[name] = _describe(own, priced, model.settings.model)
        if name != BASE:
            figures[name][f"{BASE}_to_this"] = _compare(answers[BASE], own, priced)
    figures["extractive"] = {"usd_per_1000": 0.0, "why": "asks no model"}
    figures["with_cache"] = _measure_cache(data, overrides)
    return {"goals": hold_goals(figures, GOALS), **figures}


def _measure_cache(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A stream of questions that repeats itself, without and with the caches. The stand-in has the prices of a small model."""
    settings = PipelineSettings().with_values(overrides)
    questions = [turn.question for turn in load_turns(data, STREAM_QUESTIONS)]
    stream = build_stream(questions, STREAM_REQUESTS)
    if settings.provider != "extractive" and settings.model:
        corpus = ingest_questions_corpus(data, settings)
        return _replay(open_pipeline(corpus, settings), stream)
    with ScriptedModel(reply=quote_sentence) as server:
        settings = settings.with_values({"provider": "litellm", "model": "scripted"})
        corpus = ingest_questions_corpus(data, settings)
        return _replay(open_pipeline(corpus, settings, specs=(server.make_spec("scripted", **PRICES),)), stream)


def _replay(pipeline: RagPipeline, stream: Sequence[Request]) -> dict[str, Any]:
    replayed = replay_stream(pipeline, stream)
    answers = replayed.pop("answers")
    before: list[Answer] = answers["without"]
    after: list[Answer | None] = answers["with"]
    costs = [REQUESTS * answer.cost_usd for answer in before], [REQUESTS * a.cost_usd if a else 0.0 for a in after]
    figures = {**replayed, **describe_stream(stream), "model_asked": sum(answer is not None for answer in after)}
    figures["tokens"] = pair_figures([_tokens(a) for a in before], [_tokens(a) if a else 0.0 for a in after])
    if sum(costs[0]):
        figures["usd_per_1000"] = pair_figures(*costs)
    else:
        figures["usd_per_1000"] = {
            "status": "has no price",
            "reason": f"no price of {pipeline.settings.model} is known",
        }
    return figures


def _ask(model: BenchModel, corpus: str, preset: str, questions: Sequence[str]) -> list[Answer]:
    pipeline = open_pipeline(corpus, model.settings.with_values(PRESETS[preset]))
    return [pipeline.answer(question) for question in questions]


def _describe(answers: Sequence[Answer], priced: bool, model: str) -> dict[str, Any]:
    asked = [answer for answer in answers if _tokens(answer)]
    return {
        "usd_per_1000": mean_figure([REQUESTS * answer.cost_usd for answer in answers])
        if priced
        else {"status": "has no price", "reason": f"no price of {model} is known, or it costs nothing"},
        "prompt_tokens": mean_figure([float(answer.tokens.get("prompt", 0)) for answer in answers]),
        "completion_tokens": mean_figure([float(answer.tokens.get("completion", 0)) for answer in answers]),
        "model_asked": len(asked),
    }


def _compare(before: Sequence[Answer], after: Sequence[Answer], priced: bool) -> dict[str, Any]:
    pairs = {"tokens": pair_figures([_tokens(a) for a in before], [_tokens(a) for a in after])}
    if priced:
        costs = ([REQUESTS * a.cost_usd for a in own] for own in (before, after))
        pairs["usd_per_1000"] = pair_figures(*costs)
    return pairs


def _tokens(answer: Answer) -> float:
    return float(answer.tokens.get("prompt", 0) + answer.tokens.get("completion", 0))
