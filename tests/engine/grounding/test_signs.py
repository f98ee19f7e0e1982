"""The signs of missing and changed words: none in a copy, the right one for each change."""

from __future__ import annotations

import pytest

from engine.grounding.signs import WORD_SIGNS, describe_words, read_source
from engine.grounding.words import stem

CONTEXT = ["Sales rose by 12 percent in May. The board of Alder did not expand before the third quarter."]


def signs(*sentences: str, question: str = "") -> dict[str, float]:
    """The signs of the last sentence."""
    return dict(zip(WORD_SIGNS, describe_words(sentences, CONTEXT, question)[-1], strict=True))


def test_a_copy_shows_no_sign_of_what_is_missing_or_changed() -> None:
    found = signs("Sales rose by 12 percent in May.")
    assert {name: value for name, value in found.items() if value} == {"numbers_kept": 1.0}


@pytest.mark.parametrize(
    ("sentence", "sign"),
    [
        ("Sales rose by 15 percent in May.", "numbers_missing"),
        ("Sales rose by 12 percent in June.", "names_missing"),
        ("Sales did not rise by 12 percent in May.", "negation_added"),
        ("The board of Alder did expand before the third quarter.", "negation_dropped"),
        ("The board of Alder did not expand after the third quarter.", "antonym"),
        ("The board of Alder did not expand after the third quarter.", "antonym_slot"),
        ("Sales grew by 12 percent in May.", "slot_filled"),
        ("Penguins swim in cold water.", "words_missing"),
        ("The passages do not mention profits.", "refuses"),
        ("Here are the figures:", "introduces"),
    ],
)
def test_each_change_has_its_sign(sentence: str, sign: str) -> None:
    assert signs(sentence)[sign] > 0


def test_a_word_of_the_question_is_not_new_and_a_refusal_knows_whether_the_question_is_covered() -> None:
    assert signs("Sales of umbrellas rose.", question="umbrellas?")["not_in_question"] == 0
    assert signs("Sales of umbrellas rose.")["not_in_question"] > 0
    covered = signs("The text does not mention it.", question="How did sales of May rise?")["refuses_covered"]
    assert covered > signs("The text does not mention it.", question="Who likes penguins?")["refuses_covered"]


def test_the_rest_of_the_response_tells_about_a_sentence() -> None:
    alone = signs("Sales rose in May.")
    beside = signs("Penguins swim in cold water.", "Sales rose in May.")
    assert beside["response_missing"] > alone["response_missing"] == 0
    assert beside["neighbours_missing"] > alone["neighbours_missing"]


def test_contexts_read_together_hold_what_each_holds_and_nothing_across_their_borders() -> None:
    one, two = "The depot opens early. It closes at nine.", "The depot opens late on Sundays."
    both, first, second = read_source((one, two)), read_source((one,)), read_source((two,))
    assert both.texts == first.texts + second.texts and both.sets == first.sets + second.sets
    assert both.words == first.words | second.words and both.pairs == first.pairs | second.pairs
    assert set(both.between) == set(first.between) | set(second.between)
    opens = (stem("depot"), stem("early")), (stem("depot"), stem("late"))
    assert [list(both.between[ends]) for ends in opens] == [[stem("opens")]] * 2
    ends = (stem("the"), stem("opens"))
    assert list(both.between[ends]) == [stem("depot")] * 2 and list(first.between[ends]) == [stem("depot")]
    assert (stem("nine"), stem("the")) not in both.pairs
    assert read_source(()).words == frozenset()
