"""A stream of questions with and without caches, ours and what one would take instead: hits, wrong hits, cost."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.bench.question_stream import Request
from engine.evaluation.statistics import wilson_interval
from engine.pipeline import RagPipeline
from engine.serving.cache import AnswerCache, CacheKey
from engine.serving.identity import identify_scope
from engine.store import open_store
from engine.types import Answer

# Of one text: the question whose answer a cache gives for it, or None when it has none and learns it now.
Lookup = Callable[[Request], int | None]
# What GPTCache takes unless told otherwise, and a careful choice.
COSINES = (0.8, 0.95)


def replay_stream(pipeline: RagPipeline, stream: Sequence[Request]) -> dict[str, Any]:
    """The stream through our tiers: hits by tier, hits on another question's answer, cost and tokens without and with."""
    asked: dict[str, int] = {request.text: request.question for request in stream}
    tiers: dict[str, int] = {}
    hits, wrong, before, after = [], 0, [], []
    originals: dict[str, Answer] = {}
    with open_store() as store:
        cache = AnswerCache(store)
        try:
            for request in stream:
                key = CacheKey(identify_scope(pipeline), pipeline.corpus, request.text)
                found = cache.find(key, functools.partial(pipeline.embed_question, request.text))
                if found:
                    original = originals[found.asked]
                    tiers[found.tier] = tiers.get(found.tier, 0) + 1
                    wrong += asked[found.asked] != request.question
                else:
                    original = originals[request.text] = pipeline.answer(request.text)
                    embed = functools.partial(pipeline.embed_question, request.text)
                    cache.keep(key, embed, original, original.timings_ms["total"])
                hits.append(found is not None)
                before.append(original)
                after.append(None if found else original)
            described = cache.describe()
        finally:
            cache.close()
    return {
        "hit_rate": _rate(sum(hits), len(hits)),
        "tiers": {name: _rate(count, len(hits)) for name, count in sorted(tiers.items())},
        "wrong_answers": _rate(wrong, len(hits)),
        "second_half_hit_rate": _rate(sum(hits[len(hits) // 2 :]), len(hits) - len(hits) // 2),
        "saved_ms": described["answers"]["saved_ms"],
        "answers": {"without": before, "with": after},
    }


def replay_rivals(pipeline: RagPipeline, stream: Sequence[Request]) -> dict[str, Any]:
    """The same stream through what one would take instead. They know no version of the documents: no figure shows that."""
    rivals: dict[str, Lookup] = {
        "functools.lru_cache(128)": _lookup_lru(),
        "langchain InMemoryCache": _lookup_langchain(),
    }
    vectors: dict[str, np.ndarray] = {}
    for request in stream:
        if request.text not in vectors:
            vectors[request.text] = pipeline.embed_question(request.text)
    for cosine in COSINES:
        rivals[f"cosine of {cosine:g} alone"] = _lookup_cosine(vectors, cosine)
    return {name: _replay(lookup, stream) for name, lookup in rivals.items()}


def _replay(lookup: Lookup, stream: Sequence[Request]) -> dict[str, Any]:
    hits = wrong = 0
    for request in stream:
        found = lookup(request)
        hits += found is not None
        wrong += found is not None and found != request.question
    return {"hit_rate": _rate(hits, len(stream)), "wrong_answers": _rate(wrong, len(stream))}


def _lookup_lru() -> Lookup:
    asking: list[int] = []

    @functools.lru_cache(maxsize=128)
    def answer(text: str) -> int:
        return asking.pop()

    def lookup(request: Request) -> int | None:
        asking[:] = [request.question]
        found = answer(request.text)
        return found if asking else None

    return lookup


def _lookup_langchain() -> Lookup:
    from langchain_core.caches import InMemoryCache
    from langchain_core.outputs import Generation

    cache = InMemoryCache()

    def lookup(request: Request) -> int | None:
        found = cache.lookup(request.text, "model")
        if found:
            return int(found[0].text)
        cache.update(request.text, "model", [Generation(text=str(request.question))])
        return None

    return lookup


def _lookup_cosine(vectors: Mapping[str, np.ndarray], threshold: float) -> Lookup:
    kept: list[np.ndarray] = []
    questions: list[int] = []

    def lookup(request: Request) -> int | None:
        vector = vectors[request.text]
        if kept:
            cosines = np.stack(kept) @ vector
            best = int(np.argmax(cosines))
            if cosines[best] >= threshold:
                return questions[best]
        kept.append(vector)
        questions.append(request.question)
        return None

    return lookup


def _rate(k: int, n: int) -> dict[str, float | int | None]:
    interval = wilson_interval(k, n)
    return {"value": k / n if n else None, "low": interval.low, "high": interval.high, "n": n}
