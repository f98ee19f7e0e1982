"""When an answer is right."""

from __future__ import annotations

import pytest

from engine.evaluation.measures.correctness import holds_answer, is_correct, normalise_answer


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Quick, brown fox!", "quick brown fox"),
        ("an apple a day", "apple day"),
        ("theatre and another", "theatre and another"),
        ("$1,200.50", "120050"),
        ("“Larkham’s” – depot", "larkhams depot"),
        ("", ""),
    ],
)
def test_normalisation_is_squad_s(text: str, normal: str) -> None:
    assert normalise_answer(text) == normal


@pytest.mark.parametrize(
    ("answer", "gold", "holds"),
    [
        ("Boxes may be returned within 42 days.", "42 Days", True),
        ("It took 142 days.", "42 days", False),
        ("It took 42 dayss.", "42 days", False),
        ("The answer is: an Old Lady", "the old lady", True),
        ("She has 5 % left", "%", True),
        ("nothing", "%", False),
        ("", "42", False),
    ],
)
def test_a_gold_answer_stands_on_word_boundaries(answer: str, gold: str, holds: bool) -> None:
    assert holds_answer(answer, gold) is holds


@pytest.mark.parametrize(
    ("text", "abstained", "answers", "facts", "unanswerable", "right"),
    [
        ("six weeks", False, ["42 days", "six weeks"], [], False, True),
        ("red and blue", False, [], ["red", "blue"], False, True),
        ("red", False, [], ["red", "blue"], False, False),
        ("red and blue", False, ["green"], ["red", "blue"], False, False),
        ("I do not know", True, [], [], True, True),
        ("42 days", False, [], [], True, False),
        ("Perhaps 42 days, but I abstain", True, ["42 days"], [], False, False),
    ],
)
def test_any_answer_all_facts_and_abstention(
    text: str, abstained: bool, answers: list[str], facts: list[str], unanswerable: bool, right: bool
) -> None:
    assert is_correct(text, abstained, answers, facts, unanswerable) is right
