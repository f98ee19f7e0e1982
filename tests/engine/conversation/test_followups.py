from __future__ import annotations

import pytest

from engine.conversation import StandaloneQuestion, resolve_question

TOPIC = ("We run a pizzeria in Tuas. Which damaged boxes do you replace within a week?", "All of them.")
TAPE = ("Which brown tape sticks best on recycled cardboard boxes?", "The brown one.")
SHORT = ("And the price?", "Two dollars.")


@pytest.mark.parametrize(
    "question",
    [
        "Who pays for it?",
        "And for tape?",
        "Why?",
        "deductions",
        "Is that also true for pallets of tape?",
        "And when do I have to tell the duty manager?",
        "When is the next one planned for customers?",
        "And if the gate turns the lorry away there, what do I pay for the second try?",
    ],
)
def test_a_question_that_says_little_or_points_back_takes_the_topic_and_the_one_before_with_it(question: str) -> None:
    found = resolve_question(question, [TOPIC, TAPE])
    assert found.text == question and found.background == (TOPIC[0], TAPE[0])
    assert found.search_text == f"{question} {TAPE[0]} {TOPIC[0]}"
    assert found.background_text == f"{TAPE[0]} {TOPIC[0]}"


def test_a_chain_of_short_questions_reaches_back_to_the_one_that_says_something() -> None:
    other = ("How long does printing of a logo on white paper cups take?", "A week.")
    found = resolve_question("Why?", [TOPIC, other, TAPE, SHORT, SHORT])
    assert found.background == (TOPIC[0], TAPE[0], SHORT[0])


@pytest.mark.parametrize(
    "question",
    ["Which glue is safe for food packaging in Singapore?", "What does the Salt Ledger say of Josiah Garrick?"],
)
def test_a_question_that_stands_alone_takes_nothing(question: str) -> None:
    assert resolve_question(question, [TOPIC, TAPE]) == StandaloneQuestion(question)


@pytest.mark.parametrize("question", ["Why?", "And it?", "What was my order number?", ""])
def test_without_a_history_every_question_stays_as_it_is(question: str) -> None:
    assert resolve_question(question, ()) == StandaloneQuestion(question)


def test_what_was_said_first_is_known_in_turn_fourteen() -> None:
    history = [TOPIC, *[(f"How wide and how long is shelf number {n}?", "Wide.") for n in range(2, 14)]]
    assert len(history) == 13
    assert "Tuas" in resolve_question("How long does delivery take to us there?", history).search_text


def test_a_long_conversation_adds_the_first_question_and_four_more_at_most() -> None:
    assert len(resolve_question("Why?", [(f"And {n}?", "") for n in range(500)]).background) == 5
