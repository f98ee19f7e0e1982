"""Answers by a chat model on loopback, spoken to through litellm, inside the whole pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.bench.scripted_model import ScriptedModel
from engine.corpora import ingest_corpus
from engine.errors import SettingError
from engine.generation.model import read_reply
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PipelineSettings
from engine.types import ContextPart
from tests.engine.providers.scripted import ScriptedServer, serve

SETTINGS = PipelineSettings(provider="litellm", model="openai/scripted-chat")
QUESTION = "How long may a customer return unopened boxes?"


class ScriptedChat(ScriptedServer):
    """Says ``reply``."""

    reply = "A customer has 42 days [1]."

    def respond(self, body: dict[str, Any]) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.reply}
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted-chat-2026",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 50, "completion_tokens": 8, "total_tokens": 58},
        }


@pytest.fixture
def server() -> Iterator[ScriptedChat]:
    with serve(ScriptedChat(), "OPENAI") as scripted:
        yield scripted


@pytest.fixture
def pipeline(home: Path, tmp_path: Path) -> RagPipeline:
    (tmp_path / "policy.txt").write_text("A customer may return unopened boxes within 42 days of delivery.\n")
    ingest_corpus("shop", [tmp_path / "policy.txt"], SETTINGS)
    return open_pipeline("shop", SETTINGS)


def test_an_answer_says_who_made_it_and_from_what(server: ScriptedChat, pipeline: RagPipeline) -> None:
    answer = pipeline.answer(QUESTION)
    assert answer.text == "A customer has 42 days."
    assert answer.provider == "scripted-chat-2026"
    assert answer.citations[answer.sentences[0].citations[0]].document == "policy.txt"
    assert answer.tokens["prompt"] == 50 and answer.tokens["completion"] == 8
    assert "42 days of delivery" in server.requests[0]["messages"][1]["content"]


def test_a_failed_model_is_replaced_by_extraction_and_the_answer_says_so(
    server: ScriptedChat, pipeline: RagPipeline
) -> None:
    server.status = 401
    answer = pipeline.answer(QUESTION)
    assert answer.provider == "extractive" and "42 days" in answer.text
    assert "refused the key" in answer.degraded[0]


def test_when_all_providers_are_down_the_answer_is_extracted_and_names_what_each_said(pipeline: RagPipeline) -> None:
    settings = SETTINGS.with_values({"model": ""})
    with ScriptedModel(steady="503") as one, ScriptedModel() as other:
        specs = [one.make_spec("one", priority=1), other.make_spec("other", priority=2)]
        chained = open_pipeline("shop", settings, specs)
        assert chained.answer(QUESTION).provider == "scripted"
        other.kill()
        answer = chained.answer(QUESTION)
    assert answer.provider == "extractive" and "42 days" in answer.text
    assert all(word in answer.degraded[0] for word in ("No provider answered", "one:", "other:", "extraction"))


def test_a_model_that_finds_nothing_in_the_passages_abstains(server: ScriptedChat, pipeline: RagPipeline) -> None:
    server.reply = "NOT IN THE DOCUMENTS"
    assert pipeline.answer(QUESTION).abstained


def test_a_model_is_not_asked_what_the_documents_do_not_support(server: ScriptedChat, pipeline: RagPipeline) -> None:
    assert pipeline.answer("What is the boiling point of tungsten?").abstained
    assert server.requests == []


def test_a_provider_without_a_model_is_refused(home: Path) -> None:
    with pytest.raises(SettingError, match="needs the name of a model"):
        open_pipeline("shop", PipelineSettings(provider="litellm"))


def test_invented_sources_are_dropped_and_said() -> None:
    part = ContextPart(document="a.txt", chunk_index=0, start=0, end=3, text="One", score=0.5)
    read = read_reply("It is so [7]. It is also so. [1]", [part])
    assert [s.citations for s in read.answer.sentences] == [(), (0,)]
    assert (read.invented, read.uncited) == (1, 1)
