from __future__ import annotations

import pytest

from engine.context.words import find_words, parse_question, stem


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("boxes", "box"),
        ("shipping", "shipped"),
        ("policies", "policy"),
        ("refunds", "refunded"),
        ("pages", "page"),
        ("returned", "returning"),
    ],
)
def test_forms_of_a_word_share_a_stem(a: str, b: str) -> None:
    assert stem(a) == stem(b)


@pytest.mark.parametrize("word", ["bus", "glass", "this", "is", "sing", "red"])
def test_short_words_and_words_in_ss_us_is_keep_their_ending(word: str) -> None:
    assert stem(word) == word


def test_words_lose_their_case_and_their_owners_s() -> None:
    assert find_words("The Shop's E-4021, it’s café’s don't") == ["the", "shop", "e", "4021", "it", "café", "don't"]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long does it take?", "duration"), ("How much does a box cost?", "money"), ("How many boxes fit?", "number"),
        ("When did it open?", "time"), ("Who wrote the letter?", "person"), ("Where is the key?", "place"), ("Why was it late?", "cause"),
        ("Which command lists the pods?", "command"), ("Describe the box.", ""),
    ],
)  # fmt: skip
def test_the_kind_of_answer_is_told_by_the_question(question: str, kind: str) -> None:
    assert parse_question(question).kind == kind


@pytest.mark.parametrize("question", ["the of and", "???", "🙂", "日本語", "a"])
def test_a_question_without_telling_words_is_still_taken_apart(question: str) -> None:
    parsed = parse_question(question)
    assert parsed.text == question and parsed.weight > 0
