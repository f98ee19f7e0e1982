from __future__ import annotations

import pytest

from engine.conversation import resolve_question

FIRST = ("How long do refunds of damaged boxes take?", "Two weeks.")
SECOND = ("And who pays for them?", "We do.")
OTHER = ("Which tape sticks best on cardboard?", "The brown one.")


@pytest.mark.parametrize(
    "question",
    ["Who pays for it?", "And for tape?", "Why?", "What about large ones?", "Is that also true for pallets of tape?"],
)
def test_a_question_that_points_back_takes_the_one_before_with_it(question: str) -> None:
    found = resolve_question(question, [OTHER, FIRST])
    assert found.text == question and found.background == (FIRST[0],)
    assert question in found.search_text and FIRST[0] in found.search_text


def test_a_chain_of_questions_that_point_back_reaches_the_one_that_names_its_topic() -> None:
    found = resolve_question("Why?", [OTHER, FIRST, SECOND])
    assert found.background == (FIRST[0], SECOND[0])
    assert found.search_text == f"Why? {SECOND[0]} {FIRST[0]}"


@pytest.mark.parametrize(
    "question",
    ["Which glue is safe for food packaging in Singapore?", "What does the Salt Ledger say of Josiah Garrick?"],
)
def test_a_question_that_stands_alone_takes_nothing(question: str) -> None:
    found = resolve_question(question, [FIRST, SECOND])
    assert found.background == () and found.search_text == question


def test_a_first_question_stands_alone_and_old_turns_are_forgotten() -> None:
    assert resolve_question("Why?", []).background == ()
    assert len(resolve_question("Why?", [("And it?", "")] * 50).background) == 4
