"""Quality control: what it lets pass, what it stops, and what it says when a part of it cannot run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engine.embedding import load_embedder
from engine.errors import ModelFileError
from engine.generation.model import read_reply
from engine.generation.quality import Review, review_answer
from engine.generation.topic import split_asks
from engine.settings import PipelineSettings
from engine.types import ContextPart

QUESTION = "How long may a customer return unopened boxes?"
PASSAGES = (
    "A customer may return unopened boxes within 42 days of delivery.",
    "The warehouse in Rotterdam is open from Monday to Friday and holds nine thousand pallets.",
)


def review(reply: str, question: str = QUESTION, embed: object = None) -> Review:
    parts = [
        ContextPart(document="a.txt", chunk_index=i, start=0, end=len(text), text=text, score=1.0)
        for i, text in enumerate(PASSAGES)
    ]
    return review_answer(question, read_reply(reply, parts), parts, embed or load_embedder(PipelineSettings()).embed)  # type: ignore[arg-type]


def states(found: Review) -> dict[str, str]:
    return {check.name: check.status for check in found.checks}


@pytest.fixture(autouse=True)
def state(home: object) -> None:
    """The model's graph, of this test's own home."""


def test_a_faithful_answer_with_its_source_passes_all_checks() -> None:
    found = review("Unopened boxes may be returned within 42 days of delivery [1].")
    assert states(found) == dict.fromkeys(("grounded", "citations", "on topic", "complete"), "passed")
    assert found.problems == [] and found.made.answer.sentences[0].groundedness > 0.7


def test_what_the_passages_do_not_say_is_stopped() -> None:
    found = review("Customers in Paris get a voucher worth 900 euros and free champagne [1].")
    assert states(found)["grounded"] == "failed" and "do not support" in found.problems[0]


def test_a_citation_of_a_passage_that_says_nothing_of_it_is_stopped() -> None:
    found = review("A customer may return unopened boxes within 42 days of delivery [2].")
    assert states(found) == {"grounded": "passed", "citations": "failed", "on topic": "passed", "complete": "passed"}
    assert "not supported by what is cited" in found.problems[0]


def test_an_answer_without_any_source_is_stopped() -> None:
    assert states(review("A customer may return unopened boxes within 42 days of delivery."))["citations"] == "failed"


def test_a_grounded_answer_to_another_question_is_off_the_topic() -> None:
    question = "Which composer wrote the opera about an Egyptian princess?"
    found = review(
        "The warehouse in Rotterdam is open from Monday to Friday and holds nine thousand pallets [2].", question
    )
    assert states(found)["grounded"] == "passed" and states(found)["on topic"] == "failed"


def test_half_of_a_double_question_is_incomplete() -> None:
    question = "How long may a customer return unopened boxes, and who composed the opera Aida?"
    found = review("A customer may return unopened boxes within 42 days of delivery [1].", question)
    assert states(found)["complete"] == "failed" and "1 of the 2 things" in found.problems[0]


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("How long may I return boxes?", 0),
        ("How long may I return boxes and who pays for the parcel?", 2),
        ("What is the return policy? Where is the warehouse?", 2),
        ("Are salt and pepper sold together?", 0),
        ("What and why?", 0),
    ],
)
def test_a_question_is_several_when_it_asks_for_several_things(question: str, asks: int) -> None:
    assert len(split_asks(question)) == asks


def test_without_the_embedder_shared_words_decide_and_it_is_said() -> None:
    def fail(texts: Sequence[str]) -> np.ndarray:
        raise ModelFileError("The bundled model is missing.")

    clear = review("A customer may return unopened boxes within 42 days of delivery [1].", embed=fail)
    assert clear.fallbacks == [], "a third of the question's words is there, so no vector is asked"
    found = review("The customer has 42 days, counted from the delivery [1].", embed=fail)
    assert states(found)["on topic"] == "passed"
    assert any("The bundled model is missing. Shared words decided instead." in told for told in found.fallbacks)
    other = review("The warehouse in Rotterdam holds nine thousand pallets [2].", embed=fail)  # no word of the question
    assert states(other)["on topic"] == "failed"
