"""How long an answer takes that was given before: from memory, from the store, from the store of another process."""

from __future__ import annotations

import functools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.bench.figures import latency_figures
from engine.bench.question_stream import reword
from engine.pipeline import RagPipeline
from engine.serving.cache import AnswerCache, CachedAnswer, CacheKey
from engine.serving.identity import identify_scope
from engine.settings import ROOT
from engine.store import open_store

ROUNDS = 5
_OWNER = "import sys; from engine.store import open_store; store = open_store(); print(store.role, flush=True); sys.stdin.read()"


def time_tiers(pipeline: RagPipeline, questions: Sequence[str]) -> dict[str, Any]:
    """Wall time of a hit, with the check that nothing has changed, by tier; and of the same answers made anew.

    ``store_of_another_process``: the file is owned by another process, which is asked over loopback.
    """
    made = [_time(lambda q=question: pipeline.answer(q)) for question in questions]  # type: ignore[misc]
    with open_store() as store:
        cache = AnswerCache(store)
        questions = [question for question in questions if _keep(pipeline, cache, question)]
        if not questions:
            return {"status": "has no figure", "reason": "every answer was degraded, and none was kept"}
        cache.flush()
        figures: dict[str, Any] = {
            "kept": len(questions),
            "made_anew": latency_figures(made),
            "memory": latency_figures(_time_finds(pipeline, cache, questions, "memory")),
            "store": latency_figures(_time_stored(pipeline, questions)),
        }
        cache.close()
    with _another_owner():
        figures["store_of_another_process"] = latency_figures(_time_stored(pipeline, questions))
    tiers = ("memory", "store", "store_of_another_process")
    figures["speedup"] = {tier: _divide(figures["made_anew"]["p50_ms"], figures[tier]["p50_ms"]) for tier in tiers}
    return figures


def time_similar(pipeline: RagPipeline, questions: Sequence[str]) -> dict[str, Any]:
    """Wall time of a hit on a question in other words, its vector included; a status when none is found."""
    times = []
    with open_store() as store:
        cache = AnswerCache(store)
        kept = [question for question in questions if _keep(pipeline, cache, question)]
        for text in (text for question in kept for text in reword(question)):
            started = time.perf_counter()
            found = cache.find(_key(pipeline, text), functools.partial(pipeline.embed_question, text))
            if found is not None and found.tier == "semantic":
                times.append(1000 * (time.perf_counter() - started))
        cache.close()
    if not times:
        return {"status": "has no figure", "reason": "no question in other words was found"}
    return latency_figures(times)


def _divide(slow: dict[str, Any], fast: dict[str, Any]) -> dict[str, Any]:
    """How many times as fast; the interval is that of the furthest ends, so too wide rather than too narrow."""
    ends = [slow["low"], slow["high"], fast["low"], fast["high"]]
    known = all(end is not None and end > 0 for end in ends)
    return {
        "value": slow["value"] / fast["value"],
        "low": ends[0] / ends[3] if known else None,
        "high": ends[1] / ends[2] if known else None,
        "n": min(slow["n"], fast["n"]),
    }


def _time_stored(pipeline: RagPipeline, questions: Sequence[str]) -> list[float]:
    """Each question asked of a cache whose memory is empty."""
    times = []
    with open_store() as store:
        for _ in range(ROUNDS):
            cache = AnswerCache(store)
            times += _time_finds(pipeline, cache, questions, "store", rounds=1)
            cache.close()
    return times


def _time_finds(
    pipeline: RagPipeline, cache: AnswerCache, questions: Sequence[str], tier: str, rounds: int = ROUNDS
) -> list[float]:
    def find(question: str) -> CachedAnswer | None:
        return cache.find(_key(pipeline, question), lambda: pipeline.embed_question(question))

    times = []
    for _ in range(rounds):
        for question in questions:
            started = time.perf_counter()
            found = find(question)
            times.append(1000 * (time.perf_counter() - started))
            assert found is not None and found.tier == tier, (
                f"the answer came from {found.tier if found else 'nowhere'}"
            )
    return times


def _keep(pipeline: RagPipeline, cache: AnswerCache, question: str) -> bool:
    """Whether its answer was kept: a model's answer that fails quality control is not."""
    answer = pipeline.answer(question)
    embed = functools.partial(pipeline.embed_question, question)
    return cache.keep(_key(pipeline, question), embed, answer, answer.timings_ms["total"])


def _key(pipeline: RagPipeline, question: str) -> CacheKey:
    return CacheKey(identify_scope(pipeline), pipeline.corpus, question)


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


@contextmanager
def _another_owner() -> Iterator[None]:
    """Another process owns the store's file while the block runs."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", _OWNER], text=True, cwd=ROOT, **pipes) as owner:
        assert owner.stdin is not None and owner.stdout is not None
        try:
            assert owner.stdout.readline().strip() == "owner"
            yield
        finally:
            owner.stdin.close()
            owner.wait()
