"""Prompt variants on the same contexts: right answers, sentences with a source, tokens and latency against ours."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.bench.figures import mean_figure, pair_figures
from engine.bench.questions import ingest_questions_corpus, load_turns
from engine.bench.scripted_model import open_model
from engine.evaluation.measures.correctness import is_correct
from engine.evaluation.suites import Turn
from engine.generation.model import NOT_ANSWERED, SYSTEM, build_messages, read_reply
from engine.pipeline import open_pipeline
from engine.providers.chat import complete_chat
from engine.settings import PipelineSettings
from engine.types import ContextPart

QUESTIONS = 25
SHIPPED = "shipped"
_MARKS = "End every sentence with the numbers of the passages that support it, such as [1]."
_ABSTAIN = f"If the passages do not answer the question, reply exactly: {NOT_ANSWERED}"
PROMPTS = {
    SHIPPED: SYSTEM,
    "brief": f"Answer from the numbered passages alone, in one sentence. {_MARKS} {_ABSTAIN}",
    "quoting": f"First quote the words of the passages that answer, then answer in one sentence. {_MARKS} {_ABSTAIN}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    right: float | None
    cited: float | None
    prompt_tokens: int
    completion_tokens: int
    ms: float
    cost_usd: float


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """By variant: ``correct``, ``cited`` (share of sentences), tokens, ``latency_ms``; each against the shipped prompt."""
    turns = load_turns(data, QUESTIONS)
    with open_model(overrides) as model:
        corpus = ingest_questions_corpus(data, model.settings)
        pipeline = open_pipeline(corpus, model.settings.with_values({"provider": "extractive"}))
        contexts = [(turn, pipeline.find_evidence(turn.question)[1].context.parts) for turn in turns]
        asked = [(turn, parts) for turn, parts in contexts if parts]
        if asked:
            _ask(model.settings, SYSTEM, *asked[0])
        replies: dict[str, list[_Reply]] = {name: [] for name in PROMPTS}
        for turn, parts in asked:
            for name, prompt in PROMPTS.items():
                replies[name].append(_ask(model.settings, prompt, turn, parts))
    figures: dict[str, Any] = {"stand_in": model.stand_in, "model": model.settings.model, "questions": len(asked)}
    for name, own in replies.items():
        figures[name] = _describe(own)
        if name != SHIPPED:
            figures[name]["shipped_to_this"] = _compare(replies[SHIPPED], own)
    return figures


def _ask(settings: PipelineSettings, prompt: str, turn: Turn, parts: Sequence[ContextPart]) -> _Reply:
    messages = [{"role": "system", "content": prompt}, *build_messages(turn.question, parts, ())[1:]]
    started = time.perf_counter()
    reply = complete_chat(settings.model, messages, settings.temperature)
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
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        ms=ms,
        cost_usd=reply.cost_usd,
    )


def _describe(replies: Sequence[_Reply]) -> dict[str, Any]:
    return {
        "correct": mean_figure([r.right for r in replies if r.right is not None]),
        "cited": mean_figure([r.cited for r in replies if r.cited is not None]),
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
