from __future__ import annotations

import pytest

from engine.context.opposites import NEGATION, load_opposites
from engine.context.words import stem


@pytest.mark.parametrize(
    ("a", "b"), [("increase", "decrease"), ("before", "after"), ("northern", "southern"), ("most", "least")]
)
def test_opposites_go_both_ways(a: str, b: str) -> None:
    table = load_opposites()
    assert stem(b) in table[stem(a)] and stem(a) in table[stem(b)]


@pytest.mark.parametrize(
    "text", ["It is not open.", "It isn't open.", "It isn’t open.", "We failed to open it.", "It opens without a key."]
)
def test_negations_are_seen(text: str) -> None:
    assert NEGATION.search(text)


@pytest.mark.parametrize("text", ["It is open.", "A notable notion.", "Another knot."])
def test_words_that_only_look_like_negations_are_not(text: str) -> None:
    assert not NEGATION.search(text)
