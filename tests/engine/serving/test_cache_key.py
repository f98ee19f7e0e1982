from __future__ import annotations

import pytest

from engine.serving.cache_key import normalise_question
from tests.engine.serving.answers import make_key


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("What is it?", "  What   is it?\t"),
        ("Where is the cafe\u0301?", "Where is the caf\u00e9?"),
        ("What’s “open”?", 'What\'s "open"?'),
        ("Is it\u00a0open?", "Is it open?"),
    ],
)
def test_ways_of_typing_the_same_question_share_a_key(a: str, b: str) -> None:
    assert make_key(a) == make_key(b) and hash(make_key(a)) == hash(make_key(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("What is 10²?", "What is 102?"),
        ("Who told us?", "Who told US?"),
        ("Is ½ enough?", "Is 1/2 enough?"),
        ("Why?\na:\n b: 1", "Why?\na:\nb: 1"),
        ("Is it -5?", "Is it 5?"),
    ],
)
def test_what_may_carry_meaning_is_not_folded(a: str, b: str) -> None:
    assert make_key(a) != make_key(b)


def test_turns_of_a_conversation_cannot_be_shifted_into_each_other() -> None:
    assert make_key(history=(("a", "b"), ("c", "d"))) != make_key(history=(("a", "b", "c", "d"),))  # type: ignore[arg-type]
    assert make_key("x", history=(("ab", ""),)) != make_key("x", history=(("a", "b"),))


@pytest.mark.parametrize("text", ["\ud800", "\0", "\u200b", "a" * 100_000])
def test_any_text_has_a_key(text: str) -> None:
    assert make_key(text) == make_key(text)
    normalise_question(text)
