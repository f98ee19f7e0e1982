from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ingestion.sentences import LONGEST, split_sentences


def sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. We stay!  Do you? Yes…", ["It rains.", "We stay!", "Do you?", "Yes…"]),
        ("He left. “Stay,” she said. “Why?” He went.", ["He left.", "“Stay,” she said.", "“Why?”", "He went."]),
        ('She said "Go." Then she left.', ['She said "Go."', "Then she left."]),
        ("The fee is 3.5 percent. It rises in May.", ["The fee is 3.5 percent.", "It rises in May."]),
        ("See version 2.0.1 of app.py for this.", ["See version 2.0.1 of app.py for this."]),
    ],
)
def test_a_sentence_ends_at_its_mark_and_takes_its_closing_quotes(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith and Mrs. Jones met Prof. Adams.",
        "It opens at 9 a.m. Monday to Friday.",
        "Use a strong glue, e.g. Araldite, for this.",
        "J. R. R. Tolkien wrote it.",
        "Acme Pte. Ltd. Singapore ships it.",
    ],
)
def test_an_abbreviation_does_not_end_a_sentence(text: str) -> None:
    assert sentences(text) == [text]


def test_an_abbreviation_that_opens_a_sentence_does_not_end_it() -> None:
    assert sentences("We waited. Dr. Smith came late.") == ["We waited.", "Dr. Smith came late."]
    assert sentences("We waited.\n\nDr. Smith came late.") == ["We waited.", "Dr. Smith came late."]


def test_a_wrapped_line_is_joined_to_the_next_one() -> None:
    text = "The refund is paid within fourteen days after the parcel\nhas come back to our warehouse. We then write to you."
    assert sentences(text) == [text[:88].rstrip(), "We then write to you."]


def test_headings_list_items_and_table_rows_stand_alone() -> None:
    text = "# Refunds\nWe pay back in full.\n- within ten days\n- by bank transfer\n1. Write to us\n\n| size | price |\n|---|---|\n| S | 3 |\n"
    assert sentences(text) == [
        "# Refunds", "We pay back in full.", "- within ten days", "- by bank transfer", "1. Write to us",
        "| size | price |", "|---|---|", "| S | 3 |",
    ]  # fmt: skip


def test_each_line_of_code_is_a_sentence_and_the_fences_are_none() -> None:
    text = "Run this:\n\n```\nkubectl get pods\nkubectl logs web\n```\nThen wait."
    assert sentences(text) == ["Run this:", "kubectl get pods", "kubectl logs web", "Then wait."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Магазин закрыт. Мы откроем его в мае.", ["Магазин закрыт.", "Мы откроем его в мае."]),
        ("Το κατάστημα είναι κλειστό. Ανοίγει αύριο.", ["Το κατάστημα είναι κλειστό.", "Ανοίγει αύριο."]),
        ("これは文です。次の文です！終わり？はい。", ["これは文です。", "次の文です！", "終わり？", "はい。"]),
        ("彼は「行こう。」と言った。", ["彼は「行こう。」", "と言った。"]),
        ("Šála je červená. Čepice je modrá.", ["Šála je červená.", "Čepice je modrá."]),
        ("यह एक वाक्य है। यह दूसरा है।", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("هل هذا سؤال؟ نعم هو كذلك.", ["هل هذا سؤال؟", "نعم هو كذلك."]),
    ],
)
def test_sentences_of_other_scripts_are_told_apart(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_sentence_that_is_too_long_is_cut_at_its_clauses() -> None:
    text = ", ".join(["the price of the box depends on its size"] * 30) + "."
    parts = sentences(text)
    assert len(parts) > 2 and max(map(len, parts)) <= LONGEST
    assert all(part.endswith((",", ".")) for part in parts)


@pytest.mark.parametrize("text", ["", " ", "\n\n\t\n", "```\n```", "\u2028\u2029"])
def test_a_text_without_words_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == []


@pytest.mark.parametrize("unit", ["word ", "a", "、", "0123456789abcdef"])
def test_a_megabyte_without_a_full_stop_is_split(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    spans = split_sentences(text)
    assert max(b - a for a, b in spans) <= LONGEST
    assert sum(b - a for a, b in spans) >= 0.79 * len(text)


_PIECES = st.sampled_from(
    [
        "Dr. ", "Word", "word", " ", "  ", "\n", "\n\n", ". ", "! ", "? ", "…", "。", "# ", "- ", "1. ", "| a | b |\n", "```", "~~~",
        "```\n", "```python\n", "“", "”", '"', "'", "*", "_", ">", "\t", "\r", "\x0b", "\u2028", "\u00a0", "\ufeff", "é", "日本", "𝒳", "🙂", "e\u0301",
        "---\n", "word, " * 90, "x" * 450,
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=40).map("".join)))
def test_spans_are_ordered_disjoint_bounded_and_cover_everything_but_white_space_and_fences(text: str) -> None:
    spans = split_sentences(text)
    assert all(0 <= a < b <= len(text) and b - a <= LONGEST for a, b in spans)
    assert all(text[a:b].strip() == text[a:b] != "" for a, b in spans)
    assert all(b <= a for (_, b), (a, _) in itertools.pairwise(spans))
    covered = bytearray(len(text))
    for a, b in spans:
        covered[a:b] = b"\1" * (b - a)
    missed = "".join(c for c, kept in zip(text, covered, strict=True) if not kept)
    assert re.fullmatch(r"[\s`~]*", missed)
