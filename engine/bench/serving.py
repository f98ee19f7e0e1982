"""What serving adds to a model call, beside search: guards, quotas, caches that miss, a slot, failover, checks, records.

Against a model that answers from its passages, in the same run: the whole of a served answer less its search and context,
and the bare call of litellm with the same messages. Questions alternate between both, so that what slows the machine slows both.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.bench.figures import latency_figures, pair_figures
from engine.bench.questions import ingest_questions_corpus, load_turns
from engine.bench.quoting_model import load_replies, replay
from engine.bench.scripted_model import STAND_IN, ScriptedModel
from engine.providers import load_litellm
from engine.providers.loop import run_async
from engine.serving.asked import Asked
from engine.serving.runtime import ServingRuntime
from engine.settings import PipelineSettings
from engine.store import open_store
from engine.store.providers import ProviderStore
from engine.telemetry import RequestRecord, SilentRecorder

QUESTIONS = 100
DELAY_S = 0.05
"""What the model takes, as a near one would; it cancels out."""
SEARCH = ("embed", "search", "retrieve", "context", "enhance", "rerank")
"""Stages that an answer needs without serving just as well."""


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """``added``: milliseconds that serving adds to a model call at each question, with median and mean.

    The model says a sentence of its passages; of a data set with labelled responses (``items.jsonl``), what a real model
    said to the question. Of those 96 in 100 repeat a third of the question's words, which spares the check of
    the topic its vectors.
    """
    settings = PipelineSettings().with_values(
        {**overrides, "provider": "litellm", "model": "scripted", "validators": 0, "repair": 0}
    )
    corpus = ingest_questions_corpus(data, settings)
    replies = load_replies(data)
    questions = list(replies)[:QUESTIONS] or [turn.question for turn in load_turns(data, QUESTIONS)]
    recorder = _Traces()
    with ScriptedModel(delay_s=DELAY_S, reply=replay(replies)) as server, open_store() as store:
        ProviderStore(store).save_provider(server.make_spec(), "bench")
        with ServingRuntime(open_store(), recorder=recorder) as runtime:
            asked = [Asked(question=q, corpus=corpus, settings=settings, door="cli") for q in questions]
            runtime.service.answer(asked[0])
            own, bare, whole = _alternate(runtime, recorder, server, asked[1:])
    return {
        "stand_in": True,
        "questions": len(own),
        "replies": "of models, replayed" if replies else "sentences of the passages",
        "model_delay_ms": 1000 * DELAY_S,
        "served_without_search": latency_figures(own),
        "bare_call": latency_figures(bare),
        "served": latency_figures(whole),
        "added": latency_figures([a - b for a, b in zip(own, bare, strict=True)]),
        "bare_to_served": pair_figures(bare, own),
    }


class _Traces(SilentRecorder):
    """Keeps the stages of the last request."""

    def __init__(self) -> None:
        self.last: list[dict[str, Any]] = []

    def record_request(self, request: RequestRecord) -> None:
        """Takes the trace of it."""
        self.last = request.trace


def _alternate(
    runtime: ServingRuntime, recorder: _Traces, server: ScriptedModel, asked: list[Asked]
) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of each question: served less its search, the bare call, all of the served answer."""
    own, bare, whole = [], [], []
    for one in asked:
        started = time.perf_counter()
        answer = runtime.service.answer(one)
        total = 1000 * (time.perf_counter() - started)
        if not answer.tokens.get("prompt"):
            continue  # the documents do not answer it: no model was asked
        whole.append(total)
        own.append(total - sum(span["ms"] for span in recorder.last if span["name"] in SEARCH))
        messages = server.calls[-1].body["messages"]
        started = time.perf_counter()
        run_async(_call(server, messages))
        bare.append(1000 * (time.perf_counter() - started))
    return own[1:], bare[1:], whole[1:]


async def _call(server: ScriptedModel, messages: list[dict[str, str]]) -> None:
    """litellm by itself, on the loop that it is used on in this process."""
    await load_litellm().acompletion(model=STAND_IN, messages=messages, api_base=server.address, api_key="none")
