"""Sentences taken apart: numbers as values, names, negations, opposites."""

from __future__ import annotations

import pytest

from engine.grounding.words import find_opposites, parse, stem


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("two", "2"),
        ("1,000", "1000"),
        ("2.50", "2.5"),
        ("third", "3"),
        ("Forty-two", "42"),
        ("Running", "runs"),
        ("studies", "studied"),
    ],
)
def test_the_same_value_or_word_has_one_stem(a: str, b: str) -> None:
    assert stem(a) == stem(b)


@pytest.mark.parametrize("word", ["²", "½", "1.2.3", "10:30", "1/2", "９", "9" * 400])
def test_odd_numbers_do_not_break_it(word: str) -> None:
    assert all(parse(f"a {word} b").stems)


def test_names_numbers_and_negations_are_found() -> None:
    parsed = parse("3. He doesn't see Anna or two of 1,500 boxes, nor London.")
    assert [parsed.words[i] for i in parsed.names] == ["Anna", "London"]
    assert [parsed.stems[i] for i in parsed.numbers] == ["2", "1500"]
    assert parsed.negations == 2
    assert next(parsed.words[i] for i in parsed.content) == "see"
    assert all(
        "3. He doesn't see Anna or two of 1,500 boxes, nor London."[a:b] == w
        for w, (a, b) in zip(parsed.words, parsed.spans, strict=True)
    )


@pytest.mark.parametrize(
    ("a", "b"),
    [("increase", "decreased"), ("before", "after"), ("limited", "unlimited"), ("all", "none"), ("agree", "disagree")],
)
def test_opposites_contradict_either_way(a: str, b: str) -> None:
    assert stem(a) in find_opposites(stem(b)) and stem(b) in find_opposites(stem(a))


@pytest.mark.parametrize(
    ("a", "b"), [("increase", "rise"), ("box", "box"), ("formed", "informed"), ("port", "import"), ("crate", "paint")]
)
def test_what_is_no_opposite_does_not(a: str, b: str) -> None:
    assert stem(a) not in find_opposites(stem(b)) and stem(b) not in find_opposites(stem(a))
