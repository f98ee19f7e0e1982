"""A model rewrites a follow-up; the model is a scripted server on loopback, spoken to through litellm."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from engine.bench.scripted_model import ScriptedModel
from engine.conversation.rewriting import rewrite_question
from engine.errors import ProviderError
from engine.providers.chain import ModelChain, open_chain

HISTORY = [("Which box is the strongest of all?", "The B-flute box."), ("Do you have tape?", "Yes.")]


@pytest.fixture
def server() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


def open_models(server: ScriptedModel) -> ModelChain:
    return open_chain("", [server.make_spec()])


def test_the_rewritten_question_stands_alone_and_the_model_saw_the_conversation(server: ScriptedModel) -> None:
    server.script.reply = "“How much does tape for the B-flute box cost?”"
    found = asyncio.run(rewrite_question("How much is it?", HISTORY, open_models(server)))
    assert found.text == "How much does tape for the B-flute box cost?" and found.background == ()
    messages = server.calls[0].body["messages"]
    assert [message["role"] for message in messages] == ["system", "user"]
    assert all(text in messages[1]["content"] for text in (HISTORY[0][0], HISTORY[1][1], "How much is it?"))


@pytest.mark.parametrize("reply", ["", "   \n", "x" * 5000, "NOT IN THE DOCUMENTS"])
def test_a_reply_that_is_no_question_is_an_error_that_the_caller_can_tell(server: ScriptedModel, reply: str) -> None:
    server.script.reply = reply
    with pytest.raises(ProviderError):
        asyncio.run(rewrite_question("How much is it?", HISTORY, open_models(server)))


def test_a_question_that_the_model_could_not_end_is_none(server: ScriptedModel) -> None:
    server.script.reply, server.script.steady = "How much does tape for the B-flute box cost?", "length:5"
    with pytest.raises(ProviderError, match="no stand-alone question"):
        asyncio.run(rewrite_question("How much is it?", HISTORY, open_models(server)))


def test_no_model_is_asked_without_a_history_or_for_what_the_asker_said(server: ScriptedModel) -> None:
    chain = open_models(server)
    said = [("Our order number is SO-48213. When does it come?", "Soon.")]
    assert asyncio.run(rewrite_question("How much is it?", (), chain)).text == "How much is it?"
    assert asyncio.run(rewrite_question("Which order number did I give you?", said, chain)).recalled is not None
    assert server.calls == []


def test_a_long_conversation_is_cut_to_its_first_turn_and_the_last_ones(server: ScriptedModel) -> None:
    server.script.reply = "Why question number 39?"
    turns = [(f"Question number {n} " + "word " * 2000, "answer " * 2000) for n in range(40)]
    asyncio.run(rewrite_question("Why?", turns, open_models(server)))
    asked = server.calls[0].body["messages"][1]["content"]
    assert "Question number 0 " in asked and "Question number 39 " in asked and "Question number 20 " not in asked
    assert len(asked) < 8_000
