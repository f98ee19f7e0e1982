"""The remote reranker, spoken to through litellm like any other, against a scripted server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.errors import ProviderError
from engine.providers.rerank import LitellmReranker, load_reranker
from engine.types import ScoredChunk, SentenceArrays, WordLists
from tests.engine.providers.scripted import ScriptedServer, serve

MODEL = "hosted_vllm/scripted-reranker"


class ScriptedReranker(ScriptedServer):
    """Answers /rerank: a passage's relevance is the number it begins with."""

    def __init__(self) -> None:
        super().__init__()
        self.most, self.shift = 10, 0

    def respond(self, body: dict[str, Any]) -> dict[str, Any]:
        rows = [
            {"index": i + self.shift, "relevance_score": float(text.split()[0])}
            for i, text in enumerate(body["documents"])
        ]
        return {"id": "x", "model": "scripted", "usage": {"total_tokens": 1}, "results": rows[: self.most]}


@pytest.fixture
def server() -> Iterator[ScriptedReranker]:
    with serve(ScriptedReranker(), "HOSTED_VLLM") as scripted:
        yield scripted


def chunk(text: str) -> ScoredChunk:
    nothing = SentenceArrays(
        spans=np.zeros((0, 2), int),
        vectors=np.zeros((0, 2), np.float16),
        tokens=np.zeros(0, int),
        signs=np.zeros(0, np.uint16),
        words=WordLists.from_lists([]),
        names=WordLists.from_lists([]),
    )
    return ScoredChunk(
        document=text, chunk_index=0, start=0, end=1, text=text, title="", heading="",
        score=0.5, similarity=0.5, lexical=1.0, sentences=nothing,
    )  # fmt: skip


def test_chunks_come_back_in_the_models_order_with_its_scores(server: ScriptedReranker) -> None:
    chunks = LitellmReranker(MODEL).rerank("which?", [chunk("0.1 a"), chunk("0.9 b"), chunk("0.4 c")])
    assert [(c.text, c.score) for c in chunks] == [("0.9 b", 0.9), ("0.4 c", 0.4), ("0.1 a", 0.1)]
    assert server.requests[0]["query"] == "which?" and server.requests[0]["model"] == "scripted-reranker"


def test_chunks_that_the_model_leaves_out_come_last(server: ScriptedReranker) -> None:
    server.most = 1
    chunks = LitellmReranker(MODEL).rerank("which?", [chunk("0.1 a"), chunk("0.9 b")])
    assert [c.text for c in chunks] == ["0.1 a", "0.9 b"]


def test_no_chunks_ask_no_model(server: ScriptedReranker) -> None:
    assert LitellmReranker(MODEL).rerank("which?", []) == [] and not server.requests


def test_a_passing_failure_is_tried_again_and_a_wrong_key_is_not(server: ScriptedReranker) -> None:
    server.script = [503]
    assert len(LitellmReranker(MODEL).rerank("which?", [chunk("0.1 a")])) == 1
    assert len(server.requests) == 2
    server.script = [401, 401]
    with pytest.raises(ProviderError) as caught:
        LitellmReranker(MODEL).rerank("which?", [chunk("0.1 a")])
    assert len(server.requests) == 3 and not caught.value.fails_over
    assert MODEL in caught.value.message and "not-a-key" not in caught.value.message


def test_a_passage_that_was_not_sent_is_an_error(server: ScriptedReranker) -> None:
    server.shift = 5
    with pytest.raises(ProviderError, match="not sent"):
        LitellmReranker(MODEL).rerank("which?", [chunk("0.1 a")])


def test_only_the_name_of_a_model_loads_a_reranker() -> None:
    assert load_reranker("none") is None and load_reranker("sentences") is None
    found = load_reranker(MODEL)
    assert found is not None and found.model == MODEL
