from __future__ import annotations

import time

import pytest

from engine.conversation import recall_statement, resolve_question
from engine.conversation.answering import build_recalled_answer

SAID = [
    "Hello, Mei Ling Tan of the café Kopi & Crumb here. Our order number is SO-48213; how long may I complain?",
    "Which photos do you need of them?",
    "The lorry came on Tuesday at 14:20 and we ordered 45 bundles. Is that too late?",
    "My order number was never on the invoice. Why?",
]


@pytest.mark.parametrize(
    ("question", "turn", "held"),
    [
        ("Which order number did I give you?", 1, "SO-48213"),
        ("What was my order number again?", 1, "SO-48213"),
        ("Can you remind me what our order number is?", 1, "SO-48213"),
        ("What did I say my name was?", 1, "Mei Ling Tan"),
        ("And what is our café called, do you still know?", 1, "Kopi & Crumb"),
        ("When did I say the lorry came?", 3, "14:20"),
        ("How many bundles did I say we ordered?", 3, "45 bundles"),
    ],
)
def test_what_the_asker_said_is_found_with_its_place(question: str, turn: int, held: str) -> None:
    found = recall_statement(question, SAID)
    assert found is not None and found.turn == turn and held in found.text
    assert SAID[turn - 1][found.start : found.end] == found.text and found.place == f"conversation#{turn}"


@pytest.mark.parametrize(
    "question",
    [
        "What is my delivery fee?",
        "When will my order arrive?",
        "How do I change our account?",
        "Whom do I call when it is still late?",
        "Which order number did they print?",
        "What did I say about elephants' passports?",
        "My order number is SO-1.",
        "What can you tell me about our planet?",
        "",
    ],
)
def test_a_question_about_documents_is_not_answered_from_the_conversation(question: str) -> None:
    assert recall_statement(question, SAID[:3]) is None


def test_only_the_asker_counts_and_a_question_states_nothing() -> None:
    assert recall_statement("Which order number did I give you?", ["Is SO-48213 my order number?"]) is None
    assert recall_statement("Which order number did I give you?", []) is None


def test_the_answer_quotes_and_cites_the_turn_and_claims_no_documents() -> None:
    found = recall_statement("Which order number did I give you?", SAID)
    assert found is not None
    answer = build_recalled_answer("Which order number did I give you?", found, time.perf_counter())
    assert "SO-48213" in answer.text and answer.provider == "conversation" and not answer.abstained
    assert [c.document for c in answer.citations] == ["conversation#1"] and answer.sentences[0].citations == (0,)
    assert answer.retrieved == () and answer.context.quality is None
    assert answer.context.parts[0].text == found.text and answer.correlation_id


def test_a_hostile_conversation_is_read_in_time_that_grows_with_its_length() -> None:
    short, long = (measure_hostile(length) for length in (5_000, 20_000))
    assert long < 10 * short, "four times the text"


def measure_hostile(length: int) -> float:
    """Seconds of processor time for a conversation made to be slow."""
    said = ["my order number is " * (length // 4), "((((" * length, "A" * (5 * length), "remind my " * (length // 2)]
    started = time.process_time()
    for question in ("remind me what my " + "our " * length + "order number is?", "What is my order number?"):
        recall_statement(question, said)
        resolve_question(question, [(text, "") for text in said])
    return time.process_time() - started
