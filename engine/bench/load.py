"""The served app under load: 100 requests in flight, its capacity, requests by chance at half of it, memory in time.

``serve`` runs as a process of its own on loopback and is asked over ``POST /api/ask`` without the answer cache, every
question in other words, once with answers by extraction and once with a scripted model that takes 300 ms. Generator, app
and model share the machine, so the capacity found is less than that of a machine that only serves.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.bench.figures import Figure, latency_figures
from engine.bench.http_load import LoadGenerator, Sample
from engine.bench.options import read_count, refuse_unknown
from engine.bench.scripted_model import STAND_IN, ScriptedModel
from engine.bench.served_app import Moment, Sampler, serve_app
from engine.bench.texts import load_questions
from engine.corpora import ingest_corpus, record_ingest, shipped_corpora
from engine.errors import PhasegateError
from engine.evaluation.statistics import wilson_interval
from engine.evaluation.statistics_paired import t_quantile
from engine.settings import PipelineSettings, home
from engine.store import open_store

OPTIONS = ("minutes", "requests")
CORPUS = "customer-service"
MODEL_S = 0.3
IN_FLIGHT = 100
BEYOND = 250
STEPS = (1, 2, 4, 8, 16, 32)
STEP_S = 6.0
WARM_UP = 60
CAPACITY_S = 30.0
UNLOADED = 100
PAUSE_S = 0.25
NO_QUOTA = {"PHASEGATE_REQUESTS_PER_MINUTE": "1000000", "PHASEGATE_USER_REQUESTS_PER_MINUTE": "1000000"}
"""All requests come from one address here, which the quota of a profile would end after a minute's share."""
BLOCKS = 20
FLAT_SHARE = 0.02
"""Growth in ten minutes, as a share of what the app takes, under which memory is called flat."""


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Figures by engine: ``extractive`` and ``model``.

    Args:
        overrides: ``minutes`` of requests by chance (default 1), ``requests`` with 100 in flight (default 2,000).

    Returns:
        of each engine ``unloaded`` (questions with pauses between them, as askers who meet nobody else), the quicker
        ``one_after_another`` (without pauses: nothing goes to sleep between them), ``in_flight_100``, ``beyond_the_queue``, ``capacity_per_s``, ``half_capacity`` with
        ``mean_ratio`` and ``p50_ratio`` to unloaded, ``memory``; and ``cores``.
    """
    refuse_unknown(overrides, OPTIONS)
    minutes, requests = read_count(overrides, "minutes", 1), read_count(overrides, "requests", 2000)
    questions = load_questions(data)
    report = ingest_corpus(CORPUS, [shipped_corpora()[CORPUS]], PipelineSettings())
    with open_store() as store:
        record_ingest(store, report, PipelineSettings())
    log = home() / "load.log"
    figures: dict[str, Any] = {"cores": os.cpu_count()}
    with serve_app(NO_QUOTA, log) as (port, pid):
        figures["extractive"] = asyncio.run(_measure_engine(port, pid, questions, {}, minutes, requests))
    with ScriptedModel(MODEL_S, process=True, reply="Tell us within 7 calendar days. [1]") as model:
        variables = {**NO_QUOTA, "HOSTED_VLLM_API_KEY": "none", "HOSTED_VLLM_API_BASE": model.address}
        settings = {"provider": "litellm", "model": STAND_IN}
        with serve_app(variables, log) as (port, pid):
            figures["model"] = asyncio.run(_measure_engine(port, pid, questions, settings, minutes, requests))
    return figures


async def _measure_engine(
    port: int, pid: int, questions: Sequence[str], settings: Mapping[str, Any], minutes: int, requests: int
) -> dict[str, Any]:
    # Every part asks the same mixture: suites differ in what their questions cost, and stand one behind the other.
    order = np.random.default_rng(0).permutation(len(questions))

    def make_body(number: int) -> dict[str, Any]:
        # Of a thousand numbers: no two questions are the same, and none of them brings a word that was never seen.
        question = f"{questions[order[number % len(questions)]]} ({number % 1000})"
        return {"question": question, "corpus": CORPUS, "cache": False, "settings": dict(settings)}

    generator = LoadGenerator(port, "/api/ask", make_body)
    first = await generator.run_closed(1, count=5)
    if not any(sample.status == 200 for sample in first):
        statuses = sorted({sample.status for sample in first})
        raise PhasegateError(
            f"The served app did not answer a single question: status {statuses}.", "Look into its log."
        )
    await generator.run_closed(8, count=WARM_UP)
    close = await generator.run_closed(1, count=UNLOADED)
    alone = await generator.run_closed(1, count=UNLOADED, pause_s=PAUSE_S)
    crowd = await _load(pid, generator.run_closed(IN_FLIGHT, count=requests))
    beyond = await generator.run_closed(BEYOND, count=2 * BEYOND)
    steps = {n: _throughput(await generator.run_closed(n, seconds=STEP_S)) for n in STEPS}
    # The best of several uncertain figures is too high: what it was found at is measured once more.
    capacity = _throughput(await generator.run_closed(max(steps, key=steps.__getitem__), seconds=CAPACITY_S))
    half = await _load(pid, generator.run_open(capacity / 2, 60.0 * minutes))
    # Before and behind it, as the machine may have become slower or faster meanwhile.
    unloaded = _answered_ms([*alone, *await generator.run_closed(1, count=UNLOADED, pause_s=PAUSE_S)])
    return {
        "unloaded": latency_figures(unloaded),
        "one_after_another": latency_figures(_answered_ms(close)),
        "in_flight_100": _describe(crowd),
        "beyond_the_queue": {
            "in_flight": BEYOND,
            "answered": sum(s.status == 200 for s in beyond),
            "told_to_come_again": sum(s.status == 503 for s in beyond),
            "anything_else": sum(s.status not in (200, 503) for s in beyond),
        },
        "capacity_per_s": round(capacity, 2),
        "capacity_by_in_flight": {str(n): round(rate, 2) for n, rate in steps.items()},
        "half_capacity": {
            "rate_per_s": round(capacity / 2, 2),
            **_describe(half),
            "mean_ratio": _compare(unloaded, _answered_ms(half.samples), np.mean),
            "p50_ratio": _compare(unloaded, _answered_ms(half.samples), np.median),
        },
        "memory": describe_memory(half.moments),
    }


class _Load:
    """Samples of a load, and what app and generator took meanwhile."""

    def __init__(self, samples: list[Sample], moments: list[Moment], own_cpu_s: float, seconds: float) -> None:
        self.samples, self.moments, self.own_cpu_s, self.seconds = samples, moments, own_cpu_s, seconds


async def _load(pid: int, work: Any) -> _Load:
    started, cpu = time.perf_counter(), time.process_time()
    with Sampler(pid) as sampler:
        samples = await work
    return _Load(samples, sampler.moments, time.process_time() - cpu, time.perf_counter() - started)


def _describe(load: _Load) -> dict[str, Any]:
    answered = sum(sample.status == 200 for sample in load.samples)
    interval = wilson_interval(answered, len(load.samples))
    first, last = load.moments[0], load.moments[-1]
    share = answered / len(load.samples) if load.samples else None
    return {
        "success": {"value": share, "low": interval.low, "high": interval.high, "n": len(load.samples)},
        "statuses": {str(status): n for status, n in sorted(Counter(s.status for s in load.samples).items())},
        **latency_figures(_answered_ms(load.samples)),
        "per_s": round(_throughput(load.samples), 2),
        "app_cores": round((last.cpu_s - first.cpu_s) / max(1e-9, last.at - first.at), 3),
        "generator_cores": round(load.own_cpu_s / load.seconds, 3),
        "app_peak_mb": round(max(moment.rss_mb for moment in load.moments), 1),
        "app_threads": max(moment.threads for moment in load.moments),
    }


def describe_memory(moments: Sequence[Moment]) -> dict[str, Any]:
    """How memory went: growth in MB in ten minutes by a line through means of equal pieces of time, with its interval.

    The first fifth is left out: pools and caches fill up then. Means of pieces are nearly independent of each other, which
    single readings are not.
    """
    kept = list(moments)[len(moments) // 5 :]
    count = min(BLOCKS, len(kept) // 2)
    if count < 4:
        return {"status": "no data", "reason": "too short to tell a slope from noise"}
    pieces = [piece for piece in np.array_split(np.arange(len(kept)), count) if len(piece)]
    at = np.array([np.mean([kept[i].at for i in piece]) for piece in pieces]) / 600.0
    mb = np.array([np.mean([kept[i].rss_mb for i in piece]) for piece in pieces])
    centred = at - at.mean()
    slope = float(centred @ (mb - mb.mean()) / (centred @ centred))
    rest = mb - mb.mean() - slope * centred
    error = math.sqrt(float(rest @ rest) / (len(mb) - 2) / float(centred @ centred))
    half = t_quantile(len(mb) - 2) * error
    return {
        "growth_mb_per_10_min": {"value": slope, "low": slope - half, "high": slope + half, "n": len(mb)},
        "start_mb": round(float(mb[0]), 1),
        "end_mb": round(float(mb[-1]), 1),
        "flat": bool(slope - half <= FLAT_SHARE * mb[0]),
        "seconds": round(kept[-1].at - kept[0].at, 1),
    }


def _answered_ms(samples: Sequence[Sample]) -> list[float]:
    return [sample.ms for sample in samples if sample.status == 200]


def _throughput(samples: Sequence[Sample]) -> float:
    """Answers a second."""
    answered = [sample for sample in samples if sample.status == 200]
    if not answered:
        return 0.0
    return len(answered) / (max(s.ended for s in answered) - min(s.begun for s in answered))


def _compare(before: Sequence[float], after: Sequence[float], statistic: Any) -> Figure:
    """The ratio after / before with a bootstrap interval; runs of 20 are drawn together, as neighbours share their luck."""
    a, b = np.asarray(before), np.asarray(after)
    if len(a) < 2 or len(b) < 2:
        return {"value": None, "low": None, "high": None, "n": len(b)}
    chance, length = np.random.default_rng(0), min(20, len(b))
    starts = len(b) - length + 1
    ratios = []
    for _ in range(1000):
        drawn = chance.integers(0, starts, math.ceil(len(b) / length))[:, None] + np.arange(length)
        ratios.append(statistic(b[drawn.ravel()]) / statistic(chance.choice(a, len(a))))
    low, high = np.quantile(ratios, [0.025, 0.975])
    return {"value": float(statistic(b) / statistic(a)), "low": float(low), "high": float(high), "n": len(b)}
