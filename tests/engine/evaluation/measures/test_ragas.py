"""ragas' measures in bulk: agreement with ragas itself, edges, one embedding call, speed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np
import pytest

from engine.evaluation.measures.ragas import (
    RAGAS_DESCRIPTIONS,
    TextSample,
    _score_one,
    measure_window_similarity,
    score_texts,
)

NAMES = list(RAGAS_DESCRIPTIONS)
CALLS: list[int] = []


def _embed(texts: Sequence[str]) -> np.ndarray:
    CALLS.append(len(texts))
    rows = np.array([[len(t), t.count("e") + 1, t.count(" ") + 1] for t in texts], dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _sample(response: str = "Unopened boxes within 42 days.", **changes: object) -> TextSample:
    fields = {
        "user_input": "How long?",
        "response": response,
        "references": ("42 days", "six weeks"),
        "retrieved_contexts": (
            "Nothing to do with it at all, really.",
            "x" * 500 + " returned within 42 days of delivery. " + "y" * 500,
        ),
        "reference_contexts": ("returned within 42 days of delivery.",),
    }
    return TextSample(**{**fields, **changes})  # type: ignore[arg-type]


def test_scores_are_ragas_own_with_the_best_of_several_references() -> None:
    from ragas.metrics.collections import BleuScore, CHRFScore, NonLLMStringSimilarity, RougeScore

    row = score_texts([_sample()], NAMES, _embed)[0]
    for name, metric in {
        "ragas.rouge": RougeScore(),
        "ragas.bleu": BleuScore(),
        "ragas.chrf": CHRFScore(),
        "ragas.string_similarity": NonLLMStringSimilarity(),
    }.items():
        theirs = max(
            asyncio.run(metric.ascore(reference=r, response=_sample().response)).value for r in _sample().references
        )
        assert row[name].value == pytest.approx(theirs), name
    a, b, c = _embed([_sample().response, *_sample().references])
    assert row["ragas.semantic_similarity"].value == pytest.approx(float(max(a @ b, a @ c)), abs=1e-5)


def test_a_gold_span_inside_a_long_chunk_is_found_and_precision_knows_its_rank() -> None:
    row = score_texts([_sample()], NAMES, _embed)[0]
    assert row["ragas.non_llm_context_recall"].value == 1
    assert row["ragas.non_llm_context_precision"].value == pytest.approx(0.5)


def test_nothing_to_compare_with_is_not_applicable() -> None:
    row = score_texts([_sample(references=(), reference_contexts=())], NAMES, _embed)[0]
    assert {s.status for s in row.values()} == {"not_applicable"}
    assert {s.value for s in row.values()} == {None}


def test_no_context_recalls_nothing_instead_of_failing() -> None:
    row = score_texts([_sample(retrieved_contexts=())], NAMES, _embed)[0]
    assert row["ragas.non_llm_context_recall"].value == row["ragas.non_llm_context_precision"].value == 0


def test_an_empty_answer_scores_low_and_never_nan() -> None:
    row = score_texts([_sample("")], NAMES, _embed)[0]
    assert all(s.status == "scored" and s.value is not None and s.value == s.value for s in row.values())
    assert row["ragas.rouge"].value == 0


@pytest.mark.parametrize("result", [float("nan"), ValueError("broken")])
def test_a_ragas_failure_is_failed_with_its_reason(result: float | Exception) -> None:
    class Broken:
        async def ascore(self, **_: str) -> object:
            if isinstance(result, Exception):
                raise result
            return type("Result", (), {"value": result})

    score = asyncio.run(_score_one("ragas.rouge", Broken(), _sample()))
    assert score.status == "failed" and score.value is None
    assert "nan" in score.reason or "ValueError: broken" in score.reason


def test_without_an_embedder_similarity_fails_and_the_rest_is_scored() -> None:
    row = score_texts([_sample()], NAMES, None)[0]
    assert row["ragas.semantic_similarity"].status == "failed" and row["ragas.rouge"].status == "scored"


def test_window_similarity_of_a_short_context_is_of_the_whole() -> None:
    assert measure_window_similarity("days", "returned within 42 days of delivery") < 0.2
    assert measure_window_similarity("a b c returned within 42 day of delivery", "within 42 days of") > 0.9


def test_cases_are_embedded_in_one_call_and_take_no_longer_each_among_many() -> None:
    tries = [(_seconds_to_score(50), _seconds_to_score(400)) for _ in range(3)]
    assert min(many / few for few, many in tries) < 16


def _seconds_to_score(cases: int) -> float:
    samples = [
        _sample(f"Answer {i}: boxes may be returned within {i} days of their delivery. " * 3) for i in range(cases)
    ]
    CALLS.clear()
    start = time.process_time()
    rows = score_texts(samples, NAMES, _embed)
    assert len(rows) == cases and len(CALLS) == 1
    return time.process_time() - start


def test_ragas_is_imported_only_when_scored() -> None:
    program = "import sys, engine.evaluation.runner; print('ragas' in sys.modules, 'scipy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["False", "False"]
