"""Waiting for text: until its first piece and until all of it. Pieces of a model's reply as they come are not built yet."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.bench.figures import latency_figures, not_built, pair_figures
from engine.bench.questions import ingest_questions_corpus, load_turns
from engine.bench.scripted_model import open_model
from engine.pipeline import RagPipeline, open_pipeline
from engine.types import Answer

QUESTIONS = 30


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """``extractive`` hands its sentences over once it has chosen them, so its first piece comes with the last one."""
    questions = [turn.question for turn in load_turns(data, QUESTIONS)]
    with open_model(overrides) as model:
        corpus = ingest_questions_corpus(data, model.settings)
        pipelines = {
            "extractive": open_pipeline(corpus, model.settings.with_values({"provider": "extractive"})),
            "model": open_pipeline(corpus, model.settings),
        }
        figures: dict[str, Any] = {
            "stand_in": model.stand_in,
            "questions": len(questions),
            "model": model.settings.model,
        }
        for name, pipeline in pipelines.items():
            figures[name] = _measure(pipeline, questions)
    figures["model_pieces"] = not_built("a model's reply is read whole, then handed over sentence by sentence")
    return figures


def _measure(pipeline: RagPipeline, questions: list[str]) -> dict[str, Any]:
    pipeline.answer(questions[0])
    times = [_time(pipeline, question) for question in questions]
    first, whole = [a for a, _ in times], [b for _, b in times]
    return {
        "first_text": latency_figures(first),
        "whole_text": latency_figures(whole),
        "whole_to_first": pair_figures(whole, first),
    }


def _time(pipeline: RagPipeline, question: str) -> tuple[float, float]:
    """Milliseconds until the first piece of text, and until the answer is complete."""
    started, first = time.perf_counter(), 0.0
    for piece in pipeline.stream(question):
        if not first and not isinstance(piece, Answer):
            first = 1000 * (time.perf_counter() - started)
    whole = 1000 * (time.perf_counter() - started)
    return first or whole, whole
