"""The remote embedder, spoken to through litellm like any other, against a scripted server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.errors import ProviderError
from engine.providers import load_litellm
from engine.providers.embeddings import LitellmEmbedder
from engine.providers.errors import ERRORS
from tests.engine.providers.scripted import ScriptedServer, serve

MODEL = "openai/scripted-embedder"


class ScriptedEmbedder(ScriptedServer):
    """Answers /embeddings with ``vector`` of each text, the last one first."""

    def __init__(self) -> None:
        super().__init__()
        self.vector = lambda text: [float(len(text)), 1.0, 2.0]

    def respond(self, body: dict[str, Any]) -> dict[str, Any]:
        rows = [{"object": "embedding", "index": i, "embedding": self.vector(t)} for i, t in enumerate(body["input"])]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return {"object": "list", "data": rows[::-1], "model": "scripted", "usage": usage}


@pytest.fixture
def server() -> Iterator[ScriptedEmbedder]:
    with serve(ScriptedEmbedder(), "OPENAI") as scripted:
        yield scripted


def test_vectors_come_back_in_order_and_of_unit_length(server: ScriptedEmbedder) -> None:
    vectors = LitellmEmbedder(MODEL).embed(["a", "four", "sevenxx"])
    assert vectors.shape == (3, 3)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert vectors[0, 0] < vectors[1, 0] < vectors[2, 0]


def test_many_texts_go_in_several_requests(server: ScriptedEmbedder) -> None:
    assert LitellmEmbedder(MODEL).embed([f"text {i}" for i in range(100)]).shape == (100, 3)
    assert [len(r["input"]) for r in server.requests] == [64, 36]


def test_a_passing_failure_is_tried_again(server: ScriptedEmbedder) -> None:
    server.script = [503, 429]
    assert LitellmEmbedder(MODEL).embed(["a"]).shape == (1, 3)
    assert len(server.requests) == 3


def test_a_wrong_key_is_not_tried_again(server: ScriptedEmbedder) -> None:
    server.script = [401, 401, 401]
    with pytest.raises(ProviderError, match="refused the key") as caught:
        LitellmEmbedder(MODEL).embed(["a"])
    assert len(server.requests) == 1
    assert not caught.value.fails_over
    assert "not-a-key" not in str(caught.value)


def test_an_empty_vector_is_an_error_not_a_zero(server: ScriptedEmbedder) -> None:
    server.vector = lambda text: [0.0, 0.0, 0.0]
    with pytest.raises(ProviderError, match="empty vector"):
        LitellmEmbedder(MODEL).embed(["a"])


def test_spans_are_embedded_as_texts(server: ScriptedEmbedder) -> None:
    [made] = LitellmEmbedder(MODEL).embed_spans(["One. Three."], [[(0, 4), (5, 11)]])
    assert made.span_vectors.shape == (2, 3)
    assert [r["input"] for r in server.requests] == [["One. Three.", "One.", "Three."]]


def test_every_error_of_litellm_stands_in_the_table() -> None:
    litellm = load_litellm()
    missing = {kind.__name__ for kind in litellm.exceptions.LITELLM_EXCEPTION_TYPES} - ERRORS.keys()
    assert not missing, f"litellm has errors that the table does not know: {missing}"
