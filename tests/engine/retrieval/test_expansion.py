from __future__ import annotations

from engine.retrieval.expansion import expand_question

PASSAGES = [
    "the lamp needs a halogen bulb",
    "a halogen bulb is bright",
    "the lamp is bright",
    "lamp oil",
    "oil",
    "the weather is bright",
    "weather and wind",
]


def test_words_that_several_of_the_best_share_and_the_others_lack_come_first() -> None:
    assert expand_question("lamp", PASSAGES, 2).split() == ["bulb", "halogen"]


def test_words_that_are_asked_for_or_stand_in_one_passage_only_are_left_out() -> None:
    found = expand_question("Lamp", PASSAGES, 50).split()
    assert "lamp" not in found and "wind" not in found and "the" not in found


def test_no_passages_give_no_words() -> None:
    assert expand_question("lamp", [], 5) == ""
