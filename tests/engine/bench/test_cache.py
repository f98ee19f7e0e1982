"""The cache benchmark: what it says of itself, the stream that it replays, and that its rivals are what they claim to be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.bench import cache, cache_stream, cache_tiers, run_bench
from engine.bench.question_stream import Request, build_stream, describe_stream
from engine.roadmap.benchmark_evidence import find_figure, is_stand_in, read_figure
from engine.roadmap.roadmaps import load_roadmap
from tests.conftest import WriteFiles

QUESTIONS = [f"What is the price of box number {number} in Berlin?" for number in range(30)]


def test_a_stream_repeats_few_questions_often_and_is_the_same_every_time() -> None:
    stream = build_stream(QUESTIONS, 3000)
    counts = np.sort(np.bincount([request.question for request in stream], minlength=30))[::-1]
    assert stream == build_stream(QUESTIONS, 3000) != build_stream(QUESTIONS, 3000, seed=2)
    assert counts[0] / counts[9] == pytest.approx(10, rel=0.5), "the tenth comes a tenth as often as the first"
    reworded = [request for request in stream if request.text != QUESTIONS[request.question]]
    assert len(reworded) / len(stream) == pytest.approx(0.3, abs=0.03)
    assert describe_stream(stream)["questions"] <= 30


def test_rivals_find_what_they_are_known_to_find() -> None:
    stream = [Request(0, "a b"), Request(0, "a b"), Request(0, "a  b"), Request(1, "c"), Request(1, "a b")]
    vectors = {"a b": np.array([1.0, 0.0]), "a  b": np.array([0.96, 0.28]), "c": np.array([0.9, 0.436])}
    exact = [
        cache_stream._replay(look(), stream) for look in (cache_stream._lookup_lru, cache_stream._lookup_langchain)
    ]
    assert [figures["hit_rate"]["value"] for figures in exact] == [0.4, 0.4]
    loose = cache_stream._replay(cache_stream._lookup_cosine(vectors, 0.8), stream)
    strict = cache_stream._replay(cache_stream._lookup_cosine(vectors, 0.95), stream)
    assert (loose["hit_rate"]["value"], loose["wrong_answers"]["value"]) == (0.8, 0.4)
    assert (strict["hit_rate"]["value"], strict["wrong_answers"]["value"]) == (0.6, 0.2)


def test_the_benchmark_has_every_tier_and_its_figures_are_evidence_where_no_model_speaks(
    home: Path, tmp_path: Path, write_files: WriteFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "QUESTIONS", 4)
    monkeypatch.setattr(cache, "REQUESTS", 40)
    tiny = write_files(tmp_path / "tiny", {"a.txt": "Tea costs two euros.", "b.txt": "Hats cost nine euros."})
    monkeypatch.setattr(cache, "CORPORA", {"tiny": tiny})
    monkeypatch.setattr(cache, "MODEL_SECONDS", 0.05)
    monkeypatch.setattr(cache_tiers, "ROUNDS", 1)
    result = run_bench("cache", None, {})
    figures = result["figures"]
    assert result["stand_in"] is False and json.loads(json.dumps(result)) == result
    for tier in ("memory", "store", "store_of_another_process"):
        assert figures["exact"][tier]["p50_ms"]["value"] > 0 and figures["exact"][tier]["p50_ms"]["n"] >= 4
    assert is_stand_in(figures, "model.speedup.memory") and not is_stand_in(figures, "exact.speedup.store")
    assert figures["stream"]["hit_rate"]["n"] == 40 and figures["stream"]["wrong_answers"]["value"] == 0
    assert figures["semantic"]["held_out"]["false_hits"]["high"] < 0.01
    assert figures["vectors"]["hit_rate"] == 1.0 and figures["semantic"]["hit"]["p50_ms"]["n"] > 0
    assert all(goal["value"] is not None for goal in figures["goals"].values())
    assert is_stand_in(figures, "goals.memory_speedup_over_model")
    assert not is_stand_in(figures, "goals.hit_rate_on_stream")
    for roadmap in ("customer-service-agent", "multi-agent", "local-chat"):
        for kpi in load_roadmap(roadmap).kpis:
            if kpi.evidence.bench == "cache":
                assert read_figure(find_figure(figures, kpi.evidence.figure))[0] is not None
