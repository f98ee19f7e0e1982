"""Proposed cases: what is asked of a sentence or a table, and what never is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ProviderError
from engine.ingestion import load_documents
from engine.settings import DATASETS
from engine.suite_building.candidates import Place, clean
from engine.suite_building.generating import as_case, check_candidate, generate_candidates
from engine.suite_building.model_proposals import ask_model
from engine.suite_building.phrasing import phrase_sentence
from engine.suite_building.structures import ask_structures
from engine.suite_building.texts import check_case
from engine.suite_building.words import CorpusWords
from tests.engine.providers.scripted import ScriptedServer, serve

CORPORA = ("customer-service", "runbooks", "stories")


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("Orders must be confirmed before 2.00 pm.", "Before when must orders be confirmed?", "before 2.00 pm"),
        ("Unopened packs may come back within 14 calendar days of delivery.", "Within what time may unopened packs come back?", "within 14 calendar days of delivery"),
        ("The delivery charge is S$18 per pallet.", "What is the delivery charge?", "S$18 per pallet"),
        ("A third trip is S$8.", "How much is a third trip?", "S$8"),
        ("The bottling line has 14 gates.", "How many gates does the bottling line have?", "14 gates"),
        ("A credit decision takes about 7 working days.", "How long does a credit decision take?", "about 7 working days"),
        ("There were eleven men in the crew.", "How many men were there in the crew?", "eleven men"),
        ("The fee is waived because the lorry was late.", "Why is the fee waived?", "the lorry was late"),
    ],
)  # fmt: skip
def test_a_plain_sentence_becomes_a_question(sentence: str, question: str, answer: str) -> None:
    found = [(p.question, p.answer) for p in phrase_sentence(sentence)]
    assert (question, answer) in found


@pytest.mark.parametrize(
    "sentence",
    [
        "It must be confirmed before 2.00 pm.",
        "They said that the fee is S$12 or so.",
        "“The fee is S$12,” said the clerk.",
        "If the fee is S$12 nobody pays it.",
        "This one is returned within 14 days of its purchase.",
    ],
)
def test_a_sentence_that_leans_on_others_is_left(sentence: str) -> None:
    assert list(phrase_sentence(sentence)) == []


def test_who_did_it_is_asked_of_persons_alone() -> None:
    sentence = "Berg painted the old barge in Vardø, and nobody minded."
    found = [(p.question, p.answer) for p in phrase_sentence(sentence, frozenset({"Berg"}))]
    assert ("Who painted the old barge in Vardø?", "Berg") in found
    assert not list(phrase_sentence(sentence, frozenset()))


def test_tables_definitions_steps_and_own_questions_are_asked() -> None:
    text = (
        "# Delivery policy\n\n| Zone | Delivery fee |\n|---|---|\n| 1 | S$12 |\n| 2 | S$15 |\n\n"
        "**ballast file**: a file without content on every host.\n\n## Do you deliver on Sundays?\n\nOnly in Zone 1, before noon.\n\n"
        "## Taking over\n\n1. Tell the duty manager by voice.\n2. Open the sealed bag at the desk.\n3. Write the time into the book.\n"
    )
    asked = {
        c.question: (c.answer, text[c.start : c.end])
        for c in ask_structures(text, Place(document="d", title="Delivery policy"))
    }
    assert asked["What is the delivery fee for zone 2?"] == ("S$15", "| 2 | S$15 |")
    assert asked["What does “ballast file” mean?"][0] == "a file without content on every host"
    assert asked["Do you deliver on Sundays?"] == ("Only in Zone 1, before noon", "Only in Zone 1, before noon.")
    step = asked["What is the second step under “Taking over” in the delivery policy?"]
    assert step == ("Open the sealed bag at the desk", "2. Open the sealed bag at the desk.")


@pytest.mark.parametrize("name", CORPORA)
def test_every_proposal_holds_what_it_promises(name: str) -> None:
    """Its answer stands in its span and in no other document, not in its question; a swapped subject stands nowhere."""
    documents = load_documents([DATASETS / "corpora" / name / "documents"]).documents
    texts = {document.id: document.text for document in documents}
    found = generate_candidates(documents, 60)
    words = CorpusWords(documents)
    assert len(found.candidates) >= 20
    assert len({c.question for c in found.candidates}) == len(found.candidates)
    for i, candidate in enumerate(found.candidates):
        case = as_case(candidate, f"g{i}")
        assert not [p for p in check_case(case, texts) if not p.warning]
        if candidate.origin == "swap":
            assert case["unanswerable"] is True
            continue
        assert candidate.answer in clean(texts[candidate.document][candidate.start : candidate.end])
        assert words.holders_of(candidate.answer) == {candidate.document}
        assert candidate.answer.casefold() not in candidate.question.casefold()


def test_proposals_are_spread_and_the_untouched_come_first() -> None:
    documents = load_documents([DATASETS / "corpora" / "runbooks" / "documents"]).documents
    found = generate_candidates(documents, 24).candidates
    assert len({c.document.partition("#")[0] for c in found}) >= 18
    touched = {d.id: 3 for d in documents if not d.id.startswith("procedures/")}
    first = generate_candidates(documents, 8, touched=touched).candidates
    assert all(c.document.startswith("procedures/") for c in first if c.origin != "swap")


def test_what_is_asked_already_is_not_proposed_again_and_the_same_seed_gives_the_same() -> None:
    documents = load_documents([DATASETS / "corpora" / "customer-service" / "documents"]).documents
    first = generate_candidates(documents, 20).candidates
    assert generate_candidates(documents, 20).candidates == first
    again = generate_candidates(documents, 20, questions=[c.question for c in first]).candidates
    assert not {c.question for c in first} & {c.question for c in again}


def test_an_answer_in_the_question_or_in_two_documents_is_dropped() -> None:
    documents = load_documents([DATASETS / "corpora" / "customer-service" / "documents"]).documents
    words = CorpusWords(documents)
    good = next(c for c in generate_candidates(documents, 20).candidates if c.origin == "number")
    assert check_candidate(replace(good, question=f"Is it {good.answer} or not?"), words)[1] == "answer in the question"
    assert check_candidate(replace(good, answer="nowhere to be found"), words)[1] == "answer not in its span"


class ScriptedAuthor(ScriptedServer):
    """Writes the same questions about every passage."""

    reply = ""

    def respond(self, body: dict[str, Any]) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.reply}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        usage = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "author",
            "choices": choices,
            "usage": usage,
        }


def test_what_a_model_claims_is_held_against_the_text(tmp_path: Path) -> None:
    sentence = "A broken seal is reported within 42 days of purchase."
    (tmp_path / "a.md").write_text(f"# Seals\n\n{sentence} " + "Nothing else of note is written here. " * 8)
    documents = load_documents([tmp_path]).documents
    questions = [
        {
            "question": "Until when may I report a seal that broke?",
            "answer": "within 42 days",
            "evidence": sentence.upper(),
        },
        {
            "question": "What colour is the seal on a pack?",
            "answer": "red",
            "evidence": "The seal of every pack is red and round.",
        },
        {"question": "Who reports a broken seal to the desk?", "answer": "the buyer", "evidence": sentence},
        {"question": "Which seals are reported by telephone?", "unanswerable": True},
        {"answer": "no question"},
    ]
    with serve(ScriptedAuthor(), "OPENAI") as server:
        server.reply = "Here you are:\n```json\n" + json.dumps({"questions": questions}) + "\n```"
        found = ask_model(documents, 5, "openai/author")
        assert [c.question for c in found.candidates] == [questions[0]["question"], questions[3]["question"]]
        assert documents[0].text[found.candidates[0].start : found.candidates[0].end] == sentence
        assert found.dropped == {
            "evidence not in the document": 1, "answer not in its span": 1, "a question without the fields asked for": 1,
        }  # fmt: skip
        server.reply = "I would rather not."
        assert ask_model(documents, 5, "openai/author").dropped == {"reply was not the JSON asked for": 1}
        server.status = 401
        with pytest.raises(ProviderError):
            ask_model(documents, 5, "openai/author")
