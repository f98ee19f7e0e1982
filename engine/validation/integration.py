"""Integration performance: every real dependency answers, and how fast the whole does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from engine.errors import PhasegateError
from engine.roadmap.types import Verdict
from engine.settings import PipelineSettings
from engine.store.liveness import utc_now
from engine.validation.parts import Finding, Work, count_words, judge_steps
from engine.validation.real_world import find_folder, is_latency

PROBE = "Is the service answering?"
BENCH = "latency"


def check_integration(work: Work) -> Finding:
    """Store, embedder, index, provider and targets, then the latency benchmark and the phase's goals on time."""
    checks: list[tuple[str, Callable[[Work], tuple[Verdict, str]]]] = [
        ("store", _check_store),
        ("embedder", _check_embedder),
        ("index", _check_index),
        ("provider", _check_provider),
        ("targets", _check_targets),
        ("latency", _check_latency),
    ]
    for done, (name, check) in enumerate(checks):
        work.say(done, len(checks), name)
        started = time.perf_counter()
        try:
            verdict, text = check(work)
        except PhasegateError as error:
            verdict, text = "fail", f"{name}: {error.message}"
        except Exception as error:  # a health check reports whatever goes wrong
            verdict, text = "fail", f"{name}: {type(error).__name__}: {error}"
        work.part.figures.setdefault(f"{name}_check_ms", round(1000 * (time.perf_counter() - started), 1))
        if text:
            work.part.note(verdict, text)
    for goal in work.check_goals(is_latency):
        work.part.note(goal.counted, f"{goal.title} {goal.goal}: {goal.reason}")
    return Finding(verdict=judge_steps(work.part), reason=count_words(work.part))


def _check_store(work: Work) -> tuple[Verdict, str]:
    """Write, then read what was written."""
    from engine.store import PreferenceStore

    preferences, wrote = PreferenceStore(work.store), utc_now().isoformat()
    preferences.save_preference("validation_probe", wrote)
    read = preferences.load_preference("validation_probe")
    same = read == wrote
    return ("pass" if same else "fail"), f"store: a row written and {'read back' if same else 'not read back'}"


def _check_embedder(work: Work) -> tuple[Verdict, str]:
    import numpy as np

    from engine.embedding import load_embedder

    embedder = load_embedder(PipelineSettings())
    vectors = embedder.embed([PROBE, "Another sentence altogether."])
    lengths = np.linalg.norm(vectors, axis=1)
    fits = vectors.shape == (2, embedder.dimension) and bool(np.allclose(lengths, 1, atol=1e-3))
    words = "unit vectors, none of them empty" if fits else f"vectors of shape {vectors.shape}, lengths {lengths}"
    return ("pass" if fits else "fail"), f"embedder {embedder.name}: {words}"


def _check_index(work: Work) -> tuple[Verdict, str]:
    """The corpus of the first suite answers a search through its index."""
    from engine.corpora import find_corpus, ingest_corpus
    from engine.evaluation.suites import load_suite
    from engine.pipeline import open_pipeline
    from engine.settings import load_settings

    suites = work.suites()
    if not suites:
        return "pass", ""
    suite = load_suite(find_folder(work, suites[0]))
    settings = load_settings(None, suite.settings)
    corpus, path = find_corpus(str(suite.corpus_path), suite.path)
    ingest_corpus(corpus, [path], settings, replace=True)
    answer = open_pipeline(corpus, settings).answer(
        next((turn.question for case in suite.cases for turn in case.turns), PROBE)
    )
    found = len(answer.retrieved)
    return ("pass" if found else "fail"), f"index of corpus {corpus}: {found} passages found in a search"


def _check_provider(work: Work) -> tuple[Verdict, str]:
    """The model that the saved defaults name answers; without one there is nothing to integrate."""
    from engine.store import PreferenceStore

    saved = PreferenceStore(work.store).load_preference("pipeline") or {}
    settings = PipelineSettings().with_values(saved)
    if settings.provider == "extractive":
        return "pass", "provider: none is configured; the engine answers without a model"
    from engine.providers.chain import ChatRequest, open_chain
    from engine.providers.loop import run_async
    from engine.store.providers import ProviderStore

    chain = open_chain(settings.model, ProviderStore(work.store).list_providers())
    messages = ({"role": "user", "content": "Reply with the word yes."},)
    started = time.perf_counter()
    reply = run_async(chain.complete(ChatRequest(messages=messages, purpose="test")))
    work.part.figures["provider_ms"] = round(1000 * (time.perf_counter() - started), 1)
    return "pass", f"provider: {reply.model} answered"


def _check_targets(work: Work) -> tuple[Verdict, str]:
    """The target that this roadmap judges answers one question; other saved targets are no part of the phase."""
    if work.roadmap.target == "pipeline":
        return "pass", ""
    from engine.evaluation.opening_targets import open_target
    from engine.evaluation.target_specs import resolve_target
    from engine.run_targets import load_targets

    spec = resolve_target(work.roadmap.target, load_targets(work.store))
    with open_target(spec, documents={}) as target:
        answer = target.ask(PROBE, ())
    work.part.figures["target_ms"] = answer.timings_ms.get("total")
    said = bool(answer.text.strip())
    return ("pass" if said else "fail"), f"target {spec.name}: {'answered' if said else 'answered with nothing'}"


def _check_latency(work: Work) -> tuple[Verdict, str]:
    """The latency benchmark of this machine and commit, measured now where there is none."""
    from engine.bench import describe_machine, run_bench
    from engine.run_preparation import find_commit
    from engine.store.benchmarks import BenchmarkStore

    if work.roadmap.target != "pipeline":
        return "pass", ""
    benchmarks = BenchmarkStore(work.store)
    record: dict[str, Any] | None = benchmarks.find_newest(BENCH, describe_machine())
    own = record is not None and record["bench_id"] == work.part.figures.get("bench_id")
    stale = record is None or record["commit"] != find_commit() or record["settings"]
    if record is None or stale or (work.request.fresh and not own):
        work.say(5, 6, "measuring latency")
        result = run_bench(BENCH, None, {})
        record = {**result, "bench_id": benchmarks.record(result)}
    warm = record["figures"]["warm"]
    work.part.figures |= {
        "bench_id": record["bench_id"],
        "latency_p95_ms": warm["p95_ms"],
        "latency_p50_ms": warm["p50_ms"],
    }
    p50, p95 = warm["p50_ms"]["value"], warm["p95_ms"]["value"]
    return "pass", f"latency benchmark: p50 {p50:.1f} ms, p95 {p95:.1f} ms"
