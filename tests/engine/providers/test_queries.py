"""A question's calls to an embedding or rerank model: few, short, and none while the model's breaker is open."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engine.errors import ProviderError
from engine.providers.breaker import CLOSED, OPEN, CircuitBreaker
from engine.providers.embeddings import LitellmEmbedder
from engine.providers.queries import QUESTION_RULE, ask_for_question
from engine.providers.rerank import LitellmReranker, load_reranker
from engine.telemetry import RECORDER, BreakerChange, SilentRecorder
from tests.engine.providers.scripted import serve
from tests.engine.providers.test_embeddings import MODEL, ScriptedEmbedder
from tests.engine.providers.test_rerank import ScriptedReranker, chunk


class Notes(SilentRecorder):
    def __init__(self) -> None:
        self.changes: list[BreakerChange] = []

    def record_breaker(self, change: BreakerChange) -> None:
        self.changes.append(change)


@pytest.fixture
def server() -> Iterator[ScriptedEmbedder]:
    with serve(ScriptedEmbedder(), "OPENAI") as scripted:
        yield scripted


def test_a_failing_model_is_left_alone_by_questions_but_not_by_an_ingest(server: ScriptedEmbedder) -> None:
    embedder, server.status = LitellmEmbedder(MODEL), 503
    with pytest.raises(ProviderError, match="not available"):
        embedder.embed_query(["a"])
    for _ in range(3):
        with pytest.raises(ProviderError, match="left alone for another 10 s") as caught:
            embedder.embed_query(["a"])
    assert len(server.requests) == 3, "the third failure opens the breaker"
    assert caught.value.hint
    server.status = 200
    assert embedder.embed(["four"]).shape == (1, 3)


def test_a_breaker_opens_and_closes_in_the_record_under_the_models_name(server: ScriptedEmbedder) -> None:
    now = [0.0]
    notes, embedder = Notes(), LitellmEmbedder(MODEL)
    embedder._breaker = CircuitBreaker(MODEL, QUESTION_RULE, clock=lambda: now[0])
    token = RECORDER.set(notes)
    try:
        server.status = 503
        with pytest.raises(ProviderError):
            embedder.embed_query(["a"])
        server.status, now[0] = 200, 11.0
        assert np.allclose(np.linalg.norm(embedder.embed_query(["four"])), 1.0)
    finally:
        RECORDER.reset(token)
    assert [(change.provider, change.state) for change in notes.changes] == [
        (MODEL, "open"),
        (MODEL, "half_open"),
        (MODEL, "closed"),
    ]


def test_who_has_waited_once_is_not_made_to_wait_again() -> None:
    calls = []

    def time_out() -> None:
        calls.append(1)
        raise ProviderError("It did not answer in time.", "Wait.", fails_over=True, kind="Timeout")

    breaker = CircuitBreaker("m")
    with pytest.raises(ProviderError):
        ask_for_question(breaker, time_out)
    assert len(calls) == 1 and breaker.describe()["failures"] == 1


def test_a_request_at_fault_says_nothing_of_the_model(server: ScriptedEmbedder) -> None:
    embedder, server.status = LitellmEmbedder(MODEL), 401
    for _ in range(12):
        with pytest.raises(ProviderError, match="refused the key"):
            embedder.embed_query(["a"])
    assert embedder._breaker.state == CLOSED and len(server.requests) == 12


def test_a_failing_reranker_is_left_alone_by_every_corpus() -> None:
    model = "hosted_vllm/left-alone"
    load_reranker.cache_clear()
    with serve(ScriptedReranker(), "HOSTED_VLLM") as server:
        server.status = 500
        for _ in range(3):
            found = load_reranker(model)
            assert isinstance(found, LitellmReranker)
            with pytest.raises(ProviderError):
                found.rerank("which?", [chunk("0.1 a")])
    assert found._breaker.state == OPEN and len(server.requests) == 3
