"""Waiting for text: until its first piece and until all of it, with a model that streams and without one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.bench.figures import latency_figures, pair_figures
from engine.bench.questions import ingest_questions_corpus, load_turns
from engine.bench.scripted_model import open_model
from engine.pipeline import RagPipeline, open_pipeline
from engine.types import Answer, Restarted

QUESTIONS = 30
# Of the stand-in: like a small hosted model, a third of a second to the first token and fifty tokens a second.
DELAY_S, TOKEN_DELAY_S = 0.3, 0.02


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """By way of answering: milliseconds to the first text and to the whole of it, in pairs, and pieces of an answer.

    ``extractive`` hands its sentences over once it has chosen them, so its first piece comes with the last one. Questions
    that the model is not asked, because the documents do not answer them, are left out of ``model``.
    """
    questions = [turn.question for turn in load_turns(data, QUESTIONS)]
    with open_model(overrides, DELAY_S, TOKEN_DELAY_S) as model:
        corpus = ingest_questions_corpus(data, model.settings)
        figures: dict[str, Any] = {
            "stand_in": model.stand_in,
            "questions": len(questions),
            "model": model.settings.model,
        }
        extractive = open_pipeline(corpus, model.settings.with_values({"provider": "extractive"}))
        figures["extractive"] = _measure(extractive, questions, asks=False)
        figures["streamed"] = _measure(open_pipeline(corpus, model.settings), questions, asks=True)
    return figures


def _measure(pipeline: RagPipeline, questions: list[str], *, asks: bool) -> dict[str, Any]:
    list(pipeline.stream(questions[0]))
    times = [taken for question in questions if (taken := _time(pipeline, question, asks)) is not None]
    first, whole, pieces = ([t[i] for t in times] for i in range(3))
    return {
        "answers": len(times),
        "pieces": sum(pieces) / len(pieces) if pieces else None,
        "first_text": latency_figures(first),
        "whole_text": latency_figures(whole),
        "whole_to_first": pair_figures(whole, first),
    }


def _time(pipeline: RagPipeline, question: str, asks: bool) -> tuple[float, float, int] | None:
    """Milliseconds to the first text and to the answer, and its pieces; None where a model should be asked and is not."""
    started, first, pieces, answer = time.perf_counter(), 0.0, 0, None
    for piece in pipeline.stream(question):
        if isinstance(piece, Answer):
            answer = piece
        elif not isinstance(piece, Restarted):
            pieces += 1
            first = first or 1000 * (time.perf_counter() - started)
    whole = 1000 * (time.perf_counter() - started)
    asked = answer is not None and bool(answer.tokens.get("completion"))
    return None if asks and not asked else (first or whole, whole, pieces)
