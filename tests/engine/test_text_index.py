"""A corpus whose embedding model does not answer: searched by words, judged by the bundled model, and said so."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.corpora import ingest_corpus
from engine.embedding import _loaded
from engine.operations.health import HealthCheck
from engine.operations.health_checks import run_deep_checks
from engine.pipeline import open_pipeline
from engine.runs import RunRequest, run_request
from engine.serving.asked import Asked
from engine.serving.runtime import ServingRuntime
from engine.settings import PipelineSettings
from engine.store import open_store
from engine.views.run import load_run
from tests.engine.providers.scripted import serve
from tests.engine.providers.test_embeddings import MODEL, ScriptedEmbedder

REMOTE = PipelineSettings(embedder=MODEL)
QUESTION = "How long may boxes be returned?"
TEXTS = {
    "returns.md": "# Returns\n\nBoxes may be returned within 42 days. Crates are never taken back.\n",
    "delivery.md": "# Delivery\n\nWe deliver on weekdays between eight and six. Parcels are left with neighbours.\n",
    "payment.md": "# Payment\n\nInvoices are due within 14 days. Cards and bank transfers are taken.\n",
}


@pytest.fixture
def server() -> Iterator[ScriptedEmbedder]:
    _loaded.clear()
    with serve(ScriptedEmbedder(), "OPENAI") as scripted:
        yield scripted
    _loaded.clear()


@pytest.fixture
def documents(tmp_path: Path, home: Path, server: ScriptedEmbedder) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    ingest_corpus("shop", [folder], REMOTE)
    ingest_corpus("bundled", [folder], PipelineSettings())
    return folder


def test_without_its_model_the_words_find_what_the_bundled_model_judges(
    server: ScriptedEmbedder, documents: Path
) -> None:
    server.status = 503
    found = open_pipeline("shop", REMOTE).answer(QUESTION)
    like = open_pipeline("bundled", PipelineSettings(mode="lexical")).answer(QUESTION)
    assert found.text == like.text == "Boxes may be returned within 42 days."
    assert "not available" in found.degraded[0] and "words alone" in found.degraded[0]
    assert [place.document for place in found.retrieved] == [place.document for place in like.retrieved]
    assert found.context.quality is not None and like.context.quality is not None
    assert found.context.quality == pytest.approx(like.context.quality, abs=0.1)


def test_a_question_without_an_answer_has_none_by_words_either(server: ScriptedEmbedder, documents: Path) -> None:
    server.status = 503
    answer = open_pipeline("shop", REMOTE).answer("Which planet has the most moons?")
    assert answer.abstained and answer.degraded


def test_the_served_answer_says_it_and_is_not_kept(server: ScriptedEmbedder, documents: Path) -> None:
    with ServingRuntime(open_store()) as runtime:
        asked = Asked(question=QUESTION, corpus="shop", settings=REMOTE, door="cli")
        server.status = 401
        first = runtime.service.answer(asked)
        server.status = 200
        second = runtime.service.answer(asked)
    assert "refused the key" in first.degraded[0] and first.text.startswith("Boxes may be returned")
    assert second.degraded == () and second.cache_tier is None


def test_deep_health_tells_of_the_model(server: ScriptedEmbedder, documents: Path, home: Path) -> None:
    def check(call: bool = False) -> HealthCheck:
        return next(c for c in run_deep_checks(home, call=call) if c.name == f"embedder {MODEL}")

    assert check().status == "ok"
    assert "3 numbers" in check(call=True).reason
    server.status = 503
    with ServingRuntime(open_store()) as runtime:
        runtime.service.answer(Asked(question=QUESTION, corpus="shop", settings=REMOTE, door="cli"))
    told = check()
    assert (told.status, "ServiceUnavailableError" in told.reason) == ("fail", True)
    assert check(call=True).status == "fail"


def test_what_is_found_has_the_bundled_models_vectors_in_every_round(server: ScriptedEmbedder, documents: Path) -> None:
    server.status = 401
    found, selection = open_pipeline("shop", dataclasses.replace(REMOTE, min_quality=1.0)).find_evidence(QUESTION)
    assert selection.context.steps
    assert found.vector.shape == (384,)
    assert {c.sentences.vectors.shape[1] for c in found.chunks} == {384}


def test_a_run_of_degraded_answers_says_so(server: ScriptedEmbedder, documents: Path, tmp_path: Path) -> None:
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "suite.yaml").write_text(
        f"name: shop\ntitle: Shop\ndescription: d\nlicence: CC0-1.0\ncorpus: {documents}\n"
    )
    rows = [{"id": f"c{i}", "kind": "qa", "question": QUESTION, "answers": ["42 days"]} for i in range(3)]
    (suite / "cases.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_store() as store:
        whole = run_request(store, RunRequest(suite=str(suite), overrides={"embedder": MODEL}))
        server.status = 503
        summary = run_request(store, RunRequest(suite=str(suite), overrides={"embedder": MODEL}))
        notes = load_run(store, summary["run_id"]).notes
    assert (whole["degraded_count"], whole["degraded_reason"]) == (0, None)
    assert summary["degraded_count"] == 3 and "words alone" in summary["degraded_reason"]
    assert summary["status"] == "finished"
    similarity = summary["measures"]["ragas.semantic_similarity"]
    assert (similarity["failed"], similarity["mean"]) == (3, None), (
        "its texts could not be embedded; nothing else is lost"
    )
    assert summary["measures"]["ragas.rouge"]["scored"] == 3
    assert any(note.startswith("3 cases of 3 have a degraded answer") for note in notes)
