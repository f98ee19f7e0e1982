"""Answers by a chat model on loopback, spoken to through litellm, inside the whole pipeline."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.corpora import ingest_corpus
from engine.errors import SettingError
from engine.generation.model import read_reply
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PipelineSettings
from engine.types import ContextPart

SETTINGS = PipelineSettings(provider="litellm", model="openai/scripted-chat")
QUESTION = "How long may a customer return unopened boxes?"


class ScriptedChat(ThreadingHTTPServer):
    """Says ``reply``, or fails with ``status``; keeps what it was asked."""

    reply = "A customer has 42 days [1]."
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[list[dict[str, str]]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body["messages"])
        message = {"role": "assistant", "content": self.server.reply}
        reply = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted-chat-2026",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 50, "completion_tokens": 8, "total_tokens": 58},
        }
        content = json.dumps(reply if self.server.status == 200 else {"error": {"message": "scripted"}}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedChat]:
    scripted = ScriptedChat()
    threading.Thread(target=scripted.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENAI_API_BASE", f"http://127.0.0.1:{scripted.server_port}")
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    yield scripted
    scripted.shutdown()
    scripted.server_close()


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
    assert "42 days of delivery" in server.asked[0][1]["content"]


def test_a_failed_model_is_replaced_by_extraction_and_the_answer_says_so(
    server: ScriptedChat, pipeline: RagPipeline
) -> None:
    server.status = 401
    answer = pipeline.answer(QUESTION)
    assert answer.provider == "extractive" and "42 days" in answer.text
    assert "refused the key" in answer.degraded[0]


def test_a_model_that_finds_nothing_in_the_passages_abstains(server: ScriptedChat, pipeline: RagPipeline) -> None:
    server.reply = "NOT IN THE DOCUMENTS"
    assert pipeline.answer(QUESTION).abstained


def test_a_model_is_not_asked_what_the_documents_do_not_support(server: ScriptedChat, pipeline: RagPipeline) -> None:
    assert pipeline.answer("What is the boiling point of tungsten?").abstained
    assert server.asked == []


def test_a_provider_without_a_model_is_refused(home: Path) -> None:
    with pytest.raises(SettingError, match="needs the name of a model"):
        open_pipeline("shop", PipelineSettings(provider="litellm"))


def test_invented_sources_are_dropped_and_said() -> None:
    part = ContextPart(document="a.txt", chunk_index=0, start=0, end=3, text="One", score=0.5)
    read = read_reply("It is so [7]. It is also so. [1]", [part])
    assert [s.citations for s in read.answer.sentences] == [(), (0,)]
    assert read.degraded == ("1 citations named passages that do not exist", "1 sentences without a source")
