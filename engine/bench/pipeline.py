"""An answer by a model: side by side against one after another, and what the pipeline adds to a bare call of the model.

Waiting is measured on a server on loopback that takes 150 ms for a reply, whatever model is configured: what counts is
the order of the calls, which a model's own speed would only blur. What is added is measured on a server that answers at
once, question by question beside a bare call of litellm with the same messages.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.bench.figures import latency_figures, pair_figures, quantile_figure
from engine.bench.questions import ingest_questions_corpus, load_turns
from engine.bench.quoting_model import quote_sentence
from engine.bench.scripted_model import STAND_IN, ScriptedModel
from engine.cross_validation import judge_answers
from engine.generation.messages import build_messages
from engine.generation.prompts import find_template
from engine.pipeline import RagPipeline, open_pipeline
from engine.providers import load_litellm
from engine.providers.chain import ChatRequest, ModelChain
from engine.providers.loop import run_async
from engine.providers.specs import ProviderSpec
from engine.settings import PipelineSettings
from engine.telemetry import SilentRecorder, Trace, recording
from engine.types import Answer

QUESTIONS = 12
ADDED_QUESTIONS = 60
BATCH = 12
DELAY_S = 0.15
VALIDATORS = (2, 3, 6)
PARALLEL = 8


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """``two_stages`` (answer, then validators) and ``follow_up`` in sequence and side by side; ``batch`` of validators;
    ``added_ms`` to a model's call, stage by stage."""
    given = {name: value for name, value in overrides.items() if name not in ("model", "provider")}
    settings = PipelineSettings(provider="litellm", model="scripted").with_values(given)
    corpus = ingest_questions_corpus(data, settings)
    questions = [turn.question for turn in load_turns(data, ADDED_QUESTIONS)]
    figures: dict[str, Any] = {"delay_ms": 1000 * DELAY_S, "parallel": PARALLEL}
    with ScriptedModel(DELAY_S, reply=_reply) as server:
        spec = server.make_spec()
        answers = _keep_answered(_open(corpus, settings, spec), questions[: 2 * QUESTIONS])
        asked = [answer.question for answer in answers]
        figures["questions"] = len(asked)
        figures["two_stages"] = {
            f"validators_{n}": _compare(corpus, settings.with_values({"validators": n}), spec, asked)
            for n in VALIDATORS
        }
        figures["follow_up"] = _compare(corpus, settings, spec, asked, history=(("What do you sell?", "Boxes."),))
        figures["batch"] = _compare_batches(spec, settings.with_values({"validators": 3}), answers[:BATCH])
    with ScriptedModel(reply=_reply) as server:
        figures["added_ms"] = _measure_added(corpus, settings, server, questions)
    return figures


def _reply(body: dict[str, Any]) -> str:
    system = str(body["messages"][0]["content"])
    if "You check one aspect" in system:
        return '{"verdict": "pass", "reason": "It is so."}'
    if "You rewrite" in system:
        return str(body["messages"][-1]["content"]).rsplit("last question: ", 1)[-1]
    return quote_sentence(body)


def _open(corpus: str, settings: PipelineSettings, spec: ProviderSpec, parallel: int = PARALLEL) -> RagPipeline:
    pipeline = open_pipeline(corpus, settings, [spec], parallel=parallel)
    pipeline.warm_up()
    return pipeline


def _keep_answered(pipeline: RagPipeline, questions: Sequence[str]) -> list[Answer]:
    """Those that a model was asked and that needed no repair, so that every way makes the same calls."""
    answers = [pipeline.answer(question) for question in questions]
    return [a for a in answers if a.validation and not a.validation.repair][:QUESTIONS]


def _compare(
    corpus: str,
    settings: PipelineSettings,
    spec: ProviderSpec,
    questions: Sequence[str],
    history: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    sequence, side_by_side = (_open(corpus, settings, spec, parallel) for parallel in (1, PARALLEL))
    pairs = [(_time(sequence, q, history), _time(side_by_side, q, history)) for q in questions]
    return pair_figures([a for a, _ in pairs], [b for _, b in pairs])


def _time(pipeline: RagPipeline, question: str, history: Sequence[tuple[str, str]]) -> float:
    return float(pipeline.answer(question, history).timings_ms["total"])


def _compare_batches(spec: ProviderSpec, settings: PipelineSettings, answers: Sequence[Answer]) -> dict[str, Any]:
    """All validators of some answers, one call after another and ``PARALLEL`` at once."""
    chain, template, seconds = ModelChain([spec]), find_template("validate", (), "validate"), []
    for parallel in (1, PARALLEL):
        started = time.perf_counter()
        panels = run_async(judge_answers(chain, template, answers, settings, parallel))
        seconds.append(time.perf_counter() - started)
        assert all(panel.consensus == "passed" for panel in panels)
    return {
        "answers": len(answers),
        "calls": len(answers) * settings.validators,
        "one_by_one_s": seconds[0],
        "batched_s": seconds[1],
        "speedup": seconds[0] / seconds[1],
    }


def _measure_added(
    corpus: str, settings: PipelineSettings, server: ScriptedModel, questions: Sequence[str]
) -> dict[str, Any]:
    """Milliseconds beyond a bare call with the same messages; ``check`` is quality control, which embeds the answer."""
    spec = server.make_spec()
    pipeline, chain = _open(corpus, settings.with_values({"repair": 0}), spec), ModelChain([spec])
    template = find_template(settings.prompt)
    bare: list[float] = []
    through_chain: list[float] = []
    generation: list[float] = []
    checks: list[float] = []
    for i, question in enumerate(questions):
        trace = Trace(f"{i:016x}")
        with recording(SilentRecorder(), trace):
            answer = pipeline.answer(question)
        if not answer.prompt:
            continue
        messages = build_messages(template, answer.question, answer.context.parts)
        direct = run_async(_ask_bare(server.address, messages))
        chained = run_async(_ask_chain(chain, messages))
        if i < 3:  # connections and caches of both ways are opened first
            continue
        bare.append(direct)
        through_chain.append(chained)
        generation.append(answer.timings_ms["generate"])
        checks.append(sum(span.ms for span in trace.spans if span.name == "check"))
    return {
        "bare_call": latency_figures(bare),
        "chain": quantile_figure([a - b for a, b in zip(through_chain, bare, strict=True)], 0.5),
        "chain_and_generation": quantile_figure([a - b for a, b in zip(generation, bare, strict=True)], 0.5),
        "check": latency_figures(checks),
        "all_beyond_retrieval": quantile_figure(
            [a + c - b for a, b, c in zip(generation, bare, checks, strict=True)], 0.5
        ),
    }


async def _ask_bare(address: str, messages: list[dict[str, str]]) -> float:
    litellm = load_litellm()
    started = time.perf_counter()
    await litellm.acompletion(
        model=STAND_IN, messages=messages, temperature=0.0, api_base=address, api_key="none", max_retries=0
    )
    return 1000 * (time.perf_counter() - started)


async def _ask_chain(chain: ModelChain, messages: list[dict[str, str]]) -> float:
    started = time.perf_counter()
    await chain.complete(ChatRequest(messages=tuple(messages)))
    return 1000 * (time.perf_counter() - started)
