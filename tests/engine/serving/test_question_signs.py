from __future__ import annotations

import pytest

from engine.serving.question_edits import NEAR_MISSES, PARAPHRASES
from engine.serving.question_signs import find_difference, read_signs

SAME = [
    ("What is the refund policy?", "Hi, could you please tell me what the refund policy is?"),
    ("What is the refund policy?", "what's the refund policy"),
    ("What is the refund policy for defective goods?", "refund policy for defective goods"),
    ("How do I cancel an order?", "How can I cancel an order please"),
    ("How much does delivery cost?", "How much does shipping cost?"),
    ("Which court is the highest court in the union?", "What is the highest court in the union?"),
    ("Who opened the bridge in 1932?", "In 1932, who opened the bridge?"),
    ("Where are the certificates kept?", "Where are the certifiactes kept?"),
    ("Don't we deliver on Sundays?", "Do we not deliver on Sundays?"),
    ("How many colours are there?", "How many colors are there?"),
]
OTHER = [
    ("How long is the warranty for orders of 2019?", "How long is the warranty for orders of 2020?", "words"),
    ("Who moved the court from Warsaw to Krakow?", "Who moved the court from Krakow to Warsaw?", "order"),
    ("What is covered?", "What is not covered?", "words"),
    ("Who is the director?", "Who was the director?", "tense"),
    ("When does it open?", "Where does it open?", "words"),
    ("What may be sent before Friday?", "What may be sent after Friday?", "words"),
    ("Can I return it?", "Must I return it?", "words"),
    ("Do I pay you?", "Do you pay?", "persons"),
    ("Is it delivered in Berlin?", "Is it delivered at Berlin?", "places"),
    ("Who told us to stop?", "Who told US to stop?", "names"),
    ("What does kubectl get -n prod show?", "What does kubectl get -n dev show?", "words"),
    ("What does --force do?", "What does --force-with-lease do?", "words"),
    ("Is C better?", "Is C++ better?", "words"),
    ("Is it above -5 degrees?", "Is it above 5 degrees?", "words"),
    ("What is Wilson known for?", "What is Wilton known for?", "words"),
    ("How many may I order?", "How few may I order?", "words"),
    ("Wie lange dauert die Lieferung?", "Wie teuer ist die Lieferung?", "words"),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_ways_of_asking_the_same_show_no_difference(a: str, b: str) -> None:
    assert find_difference(read_signs(a), read_signs(b)) == find_difference(read_signs(b), read_signs(a)) == ""


@pytest.mark.parametrize(("a", "b", "difference"), OTHER)
def test_what_changes_the_answer_is_a_difference(a: str, b: str, difference: str) -> None:
    assert find_difference(read_signs(a), read_signs(b)) == difference
    assert find_difference(read_signs(b), read_signs(a))


@pytest.mark.parametrize("text", ["", "?", "the", "\ud800", "𝓤𝓷𝓲", "-" * 500, "please", "1;DROP TABLE users", "%s{0}"])
def test_any_text_is_read_and_nothing_asked_matches_nothing(text: str) -> None:
    signs = read_signs(text)
    assert find_difference(signs, read_signs("What is the refund policy?"))
    if not signs.words:
        assert find_difference(signs, signs) == "nothing asked"


def test_every_near_miss_edit_is_told_apart_and_most_paraphrases_are_not() -> None:
    questions = [
        "What is the first price that 20 shops in Berlin paid Anna before the 3 days with Otto were over?",
        "Who is allowed to open the upper gate of the harbour in 1932?",
        "When did the company increase the number of documents in Paris?",
    ]
    for name, edit in NEAR_MISSES.items():
        for question in questions:
            edited = edit(question)
            assert edited is None or find_difference(read_signs(question), read_signs(edited)), (name, edited)
    for name, edit in PARAPHRASES.items():
        for question in questions:
            edited = edit(question)
            assert edited is None or not find_difference(read_signs(question), read_signs(edited)), (name, edited)
