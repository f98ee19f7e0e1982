from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.content_features import FEATURES, measure_features
from engine.ingestion.content_types import CONTENT_TYPES, PATH, QUESTIONS, detect_content_type, weigh_types

DIALOGUE = "\n\n".join(
    ["“Where is the key, Anna?”", "“I gave it to you,” she said, “on Monday.”", "“You did not!”"] * 5
)
NARRATIVE = (
    "He walked down to the river before it was light. She had gone ahead, and he thought of what she told him. " * 8
)
MIXED = "\n\n".join([NARRATIVE[:210], "“I do not think that we should wait for them any longer,” she said."] * 4)
TECHNICAL = (
    "Set `max_nodes` to 5 in the configuration file and restart the server. The API returns an error when the request has"
    " no token.\n\n- Run `kubectl get pods`.\n- Check the metrics of each node.\n"
) * 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [(DIALOGUE, "dialogue"), (NARRATIVE, "narrative"), (MIXED, "mixed"), (TECHNICAL, "technical")],
)
def test_the_four_types_are_told_apart(text: str, expected: str) -> None:
    found = detect_content_type(text)
    assert found.name == expected and found.confidence > 0.6


@pytest.mark.parametrize(
    "mark", [lambda s: s.replace("“", '"').replace("”", '"'), lambda s: s.replace("“", "‘").replace("”", "’"),
             lambda s: s.replace("“", "« ").replace("”", " »"), lambda s: s.replace("\n", "\r\n"),
             lambda s: s.replace("“", "`` ").replace("”", " ''")],
)  # fmt: skip
def test_the_kind_of_quotation_marks_and_line_ends_does_not_matter(mark: object) -> None:
    assert callable(mark)
    assert [detect_content_type(mark(t)).name for t in (DIALOGUE, MIXED, NARRATIVE)] == [
        "dialogue",
        "mixed",
        "narrative",
    ]


def test_a_transcript_is_dialogue_even_when_it_is_about_technical_things() -> None:
    text = "\n".join(
        f"User: Why does pod web-{i} fail?\nAgent: The `config.yaml` has an error in line {i}." for i in range(6)
    )
    assert detect_content_type(text).name == "dialogue"


def test_plain_prose_with_a_quoted_phrase_is_no_dialogue() -> None:
    text = (
        'The treaty of 1713 ended the war. It was called "the peace of the tired" by later writers, and it gave the port to the'
        " republic. Trade grew in the following decades, and the town had 12,000 inhabitants in 1760. "
    )
    assert detect_content_type(text * 3).name == "narrative"


def test_the_probabilities_of_the_types_sum_to_one_and_the_largest_is_the_confidence() -> None:
    for text in (DIALOGUE, NARRATIVE, MIXED, TECHNICAL):
        shares = weigh_types(measure_features(text))
        assert set(shares) == set(CONTENT_TYPES) and abs(sum(shares.values()) - 1) < 1e-9
        assert detect_content_type(text).confidence == max(shares.values())


@given(st.text(max_size=200))
def test_any_text_has_a_type_and_a_probability(text: str) -> None:
    found = detect_content_type(text)
    assert found.name in CONTENT_TYPES and 0 <= found.confidence <= 1
    assert len(measure_features(text)) == len(FEATURES)


@pytest.mark.parametrize("text", ["", " \n", "123 456", "!?"])
def test_a_text_without_letters_has_no_confidence(text: str) -> None:
    assert detect_content_type(text).confidence == 0.0


def test_the_shipped_weights_say_where_they_come_from() -> None:
    content = json.loads(PATH.read_text())
    assert set(content["weights"]) == set(QUESTIONS)
    assert all(set(content["weights"][q]) == {"intercept", *names} for q, names in QUESTIONS.items())
    assert content["provenance"]["held_out"]["accuracy"] > 0.96 and content["provenance"]["held_out"]["ece"] < 0.05
    assert {"data", "split", "fitted_on", "date", "documents"} <= set(content["provenance"])
