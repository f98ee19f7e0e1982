"""Prompt templates on the same contexts: right answers, sentences with a source, what quality control finds, tokens and
latency, each against the shipped one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.bench.figures import mean_figure, pair_figures
from engine.bench.questions import ingest_questions_corpus, load_turns
from engine.bench.scripted_model import open_model
from engine.embedding import Embedder
from engine.evaluation.measures.correctness import is_correct
from engine.evaluation.suites import Turn
from engine.generation.messages import build_messages
from engine.generation.model import read_reply
from engine.generation.prompts import PromptTemplate, find_template, list_names
from engine.generation.quality import review_answer
from engine.pipeline import open_pipeline
from engine.providers.chain import ChatRequest, ModelChain, open_chain
from engine.providers.loop import run_async
from engine.settings import PipelineSettings
from engine.types import ContextPart

QUESTIONS = 25
SHIPPED = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    right: float | None
    cited: float | None
    passed: float | None
    prompt_tokens: int
    completion_tokens: int
    ms: float
    cost_usd: float


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """By template: ``correct``, ``cited`` (share of sentences), ``passed`` (share of answers that hold all of quality
    control), ``abstained``, tokens, ``latency_ms``; the others against the shipped one, in pairs."""
    turns = load_turns(data, QUESTIONS)
    with open_model(overrides) as model:
        corpus = ingest_questions_corpus(data, model.settings)
        pipeline = open_pipeline(corpus, model.settings.with_values({"provider": "extractive"}))
        contexts = [(turn, pipeline.find_evidence(turn.question)[1].context.parts) for turn in turns]
        asked = [(turn, parts) for turn, parts in contexts if parts]
        chain = open_chain(model.settings.model)
        templates = {name: find_template(name) for name in list_names(purpose="answer")}
        if asked:
            _ask(chain, model.settings, templates[SHIPPED], pipeline.embedder, *asked[0])
        replies: dict[str, list[_Reply]] = {name: [] for name in templates}
        for turn, parts in asked:
            for name, template in templates.items():
                replies[name].append(_ask(chain, model.settings, template, pipeline.embedder, turn, parts))
    figures: dict[str, Any] = {"stand_in": model.stand_in, "model": model.settings.model, "questions": len(asked)}
    for name, own in replies.items():
        figures[name] = {"hash": templates[name].hash, **_describe(own)}
        if name != SHIPPED:
            figures[name]["shipped_to_this"] = _compare(replies[SHIPPED], own)
    return figures


def _ask(
    chain: ModelChain,
    settings: PipelineSettings,
    template: PromptTemplate,
    embedder: Embedder,
    turn: Turn,
    parts: Sequence[ContextPart],
) -> _Reply:
    messages = tuple(build_messages(template, turn.question, parts))
    started = time.perf_counter()
    reply = run_async(chain.complete(ChatRequest(messages=messages, temperature=settings.temperature)))
    ms = 1000 * (time.perf_counter() - started)
    read = read_reply(reply.text, parts)
    sentences = read.answer.sentences
    right = (
        is_correct(read.answer.text, read.abstained, turn.answers, turn.facts, turn.unanswerable)
        if turn.scorable
        else None
    )
    return _Reply(
        right=None if right is None else float(right),
        cited=sum(bool(s.citations) for s in sentences) / len(sentences) if sentences else None,
        passed=None
        if read.abstained
        else float(not review_answer(turn.question, read, parts, embedder.embed).problems),
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        ms=ms,
        cost_usd=reply.cost_usd,
    )


def _describe(replies: Sequence[_Reply]) -> dict[str, Any]:
    return {
        "correct": mean_figure([r.right for r in replies if r.right is not None]),
        "cited": mean_figure([r.cited for r in replies if r.cited is not None]),
        "passed": mean_figure([r.passed for r in replies if r.passed is not None]),
        "abstained": mean_figure([float(r.passed is None) for r in replies]),
        "prompt_tokens": mean_figure([float(r.prompt_tokens) for r in replies]),
        "completion_tokens": mean_figure([float(r.completion_tokens) for r in replies]),
        "latency_ms": mean_figure([r.ms for r in replies]),
    }


def _compare(shipped: Sequence[_Reply], other: Sequence[_Reply]) -> dict[str, Any]:
    """Paired: the same questions over the same contexts."""
    judged = [(a.right, b.right) for a, b in zip(shipped, other, strict=True) if a.right is not None]
    return {
        "correct": pair_figures([a or 0.0 for a, _ in judged], [b or 0.0 for _, b in judged]),
        "tokens": pair_figures([_tokens(r) for r in shipped], [_tokens(r) for r in other]),
        "latency_ms": pair_figures([r.ms for r in shipped], [r.ms for r in other]),
    }


def _tokens(reply: _Reply) -> float:
    return float(reply.prompt_tokens + reply.completion_tokens)
