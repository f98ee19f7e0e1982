"""The remote embedder, spoken to through litellm like any other, against a scripted server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.bench.model_server import EXPIRED
from engine.corpora import ingest_corpus
from engine.embedding import _loaded
from engine.errors import IndexMismatchError, ProviderError
from engine.pipeline import open_pipeline
from engine.providers import load_litellm
from engine.providers.embeddings import LitellmEmbedder
from engine.providers.errors import ERRORS
from engine.settings import PipelineSettings
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
    assert sorted(len(r["input"]) for r in server.requests) == [36, 64]


def test_a_passing_failure_is_tried_again(server: ScriptedEmbedder) -> None:
    server.script = [503, 429]
    assert LitellmEmbedder(MODEL).embed(["a"]).shape == (1, 3)
    assert len(server.requests) == 3


def test_an_ingest_that_is_too_fast_waits_longer(server: ScriptedEmbedder) -> None:
    server.script = [429] * 5
    assert LitellmEmbedder(MODEL).embed(["a"]).shape == (1, 3)
    assert len(server.requests) == 6


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


@pytest.mark.parametrize("empty", [[], None])
def test_an_embedding_without_numbers_is_an_error(server: ScriptedEmbedder, empty: list[float] | None) -> None:
    server.vector = lambda text: empty  # type: ignore[assignment,return-value]
    with pytest.raises(ProviderError, match=r"empty vector|cannot be read"):
        LitellmEmbedder(MODEL).embed(["a"])


def test_vectors_of_two_sizes_are_an_error_that_says_which(server: ScriptedEmbedder) -> None:
    embedder = LitellmEmbedder(MODEL)
    assert embedder.dimension == 3
    server.vector = lambda text: [1.0] * (2 if text == "b" else 3)
    with pytest.raises(ProviderError, match="vectors of 2 numbers; expected 3"):
        embedder.embed(["a", "b"])
    with pytest.raises(IndexMismatchError, match="vectors of 2 numbers; expected 3"):
        embedder.embed(["b"])
    assert embedder.embed(["b"]).shape == (1, 2) and embedder.dimension == 2, "said once; then it is the new model's"


def test_no_texts_are_no_vectors(server: ScriptedEmbedder) -> None:
    assert LitellmEmbedder(MODEL).embed([]).shape == (0, 3)


def test_an_index_of_another_models_vectors_is_refused_in_words(server: ScriptedEmbedder, home: Path) -> None:
    (home / "a.txt").write_text("Boxes may be returned within 42 days.\n")
    settings = PipelineSettings(embedder=MODEL)
    ingest_corpus("shop", [home / "a.txt"], settings)
    server.vector = lambda text: [1.0, 2.0, 3.0, 4.0]
    # Whoever has known the model longer than this index says it; a process that begins now meets the index.
    with pytest.raises(IndexMismatchError, match="vectors of 4 numbers; expected 3"):
        open_pipeline("shop", settings).answer("How long may boxes be returned?")
    _loaded.clear()
    with pytest.raises(IndexMismatchError, match="has 4 numbers, those of the index 3"):
        open_pipeline("shop", settings).answer("How long may boxes be returned?")


@pytest.mark.parametrize("changed", ["documents", "nothing"])
@pytest.mark.parametrize("process", ["the same", "a new one"])
def test_an_ingest_again_takes_a_model_of_another_size_as_the_errors_say(
    server: ScriptedEmbedder, home: Path, changed: str, process: str
) -> None:
    _loaded.clear()
    (home / "a.txt").write_text("Boxes may be returned within 42 days.\n")
    (home / "b.txt").write_text("Crates are never taken back.\n")
    settings = PipelineSettings(embedder=MODEL)
    ingest_corpus("shop", [home / "a.txt", home / "b.txt"], settings)
    opened = open_pipeline("shop", settings)
    server.vector = lambda text: [1.0, 2.0, 3.0, 4.0]
    with pytest.raises(IndexMismatchError, match="expected 3") as caught:
        opened.answer("How long may boxes be returned?")
    assert "ingest the corpus again" in caught.value.hint
    if changed == "documents":
        (home / "b.txt").write_text("Crates are taken back within 7 days.\n")
    if process == "a new one":
        _loaded.clear()
    report = ingest_corpus("shop", [home / "a.txt", home / "b.txt"], settings)
    assert (report.embedded, report.reused, report.documents) == (2, 0, 2)
    opened.refresh()
    for pipeline in (opened, open_pipeline("shop", settings)):
        found = pipeline.find_evidence("How long may boxes be returned?")[0]
        assert len(found.vector) == 4 and {chunk.document for chunk in found.chunks} == {"a.txt", "b.txt"}
    again = ingest_corpus("shop", [home / "a.txt", home / "b.txt"], settings)
    assert (again.embedded, again.changed) == (0, 0)


@pytest.mark.parametrize(
    "raw",
    [
        (b"<html>Sign in</html>", "text/html"),
        (b'{"object": "list", "data": [{"index": 0, "embed', "application/json"),
        (b"[]", "application/json"),
        (b"", "application/json"),
        (b"\xff\xfe\x00", "application/json"),
    ],
    ids=["html", "half a JSON", "a list", "nothing", "bytes"],
)
@pytest.mark.parametrize("provider", ["openai", "hosted_vllm"])
def test_what_is_no_reply_is_said_to_be_none(provider: str, raw: tuple[bytes, str]) -> None:
    with serve(ScriptedEmbedder(), provider.upper()) as server:
        server.raw = raw
        with pytest.raises(ProviderError, match="cannot be read") as caught:
            LitellmEmbedder(f"{provider}/m").embed(["a"])
    assert "address" in caught.value.hint and len(server.requests) == 3


def test_a_key_that_has_expired_is_said_to_be_refused_and_not_tried_again(server: ScriptedEmbedder) -> None:
    server.status = 401
    server.raw = (json.dumps(EXPIRED).encode(), "application/json")
    with pytest.raises(ProviderError, match="refused the key") as caught:
        LitellmEmbedder(MODEL).embed(["a"])
    assert "expired" in caught.value.hint and len(server.requests) == 1


def test_too_few_vectors_are_an_error_with_a_hint(server: ScriptedEmbedder) -> None:
    server.raw = (b'{"object": "list", "data": []}', "application/json")
    with pytest.raises(ProviderError, match="0 vectors for 1 texts") as caught:
        LitellmEmbedder(MODEL).embed(["a"])
    assert caught.value.hint


def test_spans_are_embedded_as_texts(server: ScriptedEmbedder) -> None:
    [made] = LitellmEmbedder(MODEL).embed_spans(["One. Three."], [[(0, 4), (5, 11)]])
    assert made.span_vectors.shape == (2, 3)
    assert [r["input"] for r in server.requests] == [["One. Three.", "One.", "Three."]]


def test_every_error_of_litellm_stands_in_the_table() -> None:
    litellm = load_litellm()
    missing = {kind.__name__ for kind in litellm.exceptions.LITELLM_EXCEPTION_TYPES} - ERRORS.keys()
    assert not missing, f"litellm has errors that the table does not know: {missing}"
