from __future__ import annotations

import dataclasses

import pytest

from engine.generation.extractive import extract_answer, readable_text
from engine.types import EvidenceSentence


def sentence(text: str, score: float, document: str = "a", start: int = 0) -> EvidenceSentence:
    return EvidenceSentence(
        document=document,
        chunk_index=0,
        start=start,
        end=start + len(text),
        text=text,
        score=score,
        similarity=0.5,
        relevance=0.25,
    )


def test_the_best_sentence_comes_with_its_source() -> None:
    best = sentence("- **Refunds** take\n14 days.", 9.0, start=40)
    found = extract_answer([best, sentence("Far off.", -9.0, start=90)], 60)
    assert found.text == "Refunds take 14 days."
    (citation,) = found.citations
    assert (citation.document, citation.start, citation.end, citation.relevance) == ("a", 40, 40 + len(best.text), 0.25)
    assert citation.preview == "Refunds take 14 days." and found.sentences[0].citations == (0,)


def test_the_best_sentence_leads_with_its_neighbours_in_the_order_of_their_document() -> None:
    evidence = [
        sentence("Best.", 9.0, "b", 50), sentence("Other.", 8.9, "a", 10), sentence("Before.", 8.8, "b", 42), sentence("Far.", 8.7, "b", 99),
    ]  # fmt: skip
    assert extract_answer(evidence, 60).text == "Before. Best. Other. Far."


@pytest.mark.parametrize("most", [5, 12, 60])
def test_an_answer_never_has_more_words_than_allowed(most: int) -> None:
    evidence = [sentence("one two three four", 9.0 - i / 100, start=i * 50) for i in range(40)]
    found = extract_answer(evidence, most)
    assert 0 < len(found.text.split()) <= most
    assert len(found.text.split()) > most - 4


def test_a_best_sentence_that_is_too_long_by_itself_is_cut() -> None:
    found = extract_answer([sentence("word " * 100, 9.0), sentence("Short.", 8.9)], 10)
    assert found.text == " ".join(["word"] * 10)


def test_a_sentence_that_no_longer_fits_makes_room_for_a_shorter_one() -> None:
    evidence = [sentence("a b c d", 9.0), sentence("e f g h", 8.9, start=50), sentence("i", 8.8, start=90)]
    assert extract_answer(evidence, 5).text == "a b c d i"


def test_no_evidence_gives_no_answer() -> None:
    found = extract_answer([], 60)
    assert (found.text, found.sentences, found.citations) == ("", (), ())


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("## Refunds", "Refunds"), ("- an item", "an item"), ("3) third", "third"), ("> quoted", "quoted"), ("two\n  lines", "two lines"),
        ("| a | b |", "a | b"), ("**Bold** and `code`", "Bold and code"), ("3 boxes fit", "3 boxes fit"), ("-5 degrees", "-5 degrees"),
        ("2024. A year", "2024. A year"), ("snake_case stays", "snake_case stays"),
    ],
)  # fmt: skip
def test_readable_text_loses_marks_and_line_ends_and_nothing_else(text: str, readable: str) -> None:
    assert readable_text(text) == readable


def test_a_sentence_that_adds_what_the_question_also_asks_is_worth_more_than_a_likelier_repeat() -> None:
    def holding(text: str, relevance: float, covered: tuple[float, ...], start: int) -> EvidenceSentence:
        return dataclasses.replace(sentence(text, 9.0, start=start), relevance=relevance, covered=covered)

    evidence = [
        holding("Returns take two weeks.", 0.5, (0.6, 0.0), 0),
        holding("Returns take two weeks, again.", 0.3, (0.6, 0.0), 100),
        holding("Refunds take three days.", 0.1, (0.0, 0.4), 200),
    ]
    assert extract_answer(evidence, 9).text == "Returns take two weeks. Refunds take three days."


def test_of_two_sentences_as_likely_the_shorter_one_leaves_room() -> None:
    evidence = [
        sentence("a b", 9.0),
        sentence("long " * 7, 8.9, start=50),
        sentence("short one of five words", 8.9, start=200),
    ]
    assert extract_answer(evidence, 8).text == "a b short one of five words"
