"""Span measures on documents of a few characters."""

from __future__ import annotations

import random

import pytest

from engine.evaluation.measures import MEASURES, Sample
from engine.evaluation.measures.spans import count_shared, merge_intervals, span_iou, span_precision, span_recall
from engine.types import Span
from tests.engine.evaluation.scripted import make_answer

DOCS = {"d": "one two, three four five six", "e": "seven eight"}


def _values(contexts: list[tuple[str, int, int]], gold: list[Span], unit: str = "span") -> list[float | None]:
    answer = make_answer("x", contexts, documents=DOCS)
    sample = Sample(question="?", relevant=tuple(gold), answer=answer, documents=DOCS)
    return [MEASURES[f"{unit}_{name}"].judge(sample).value for name in ("recall", "precision", "iou")]


def test_half_found_and_half_beside() -> None:
    assert _values([("d", 4, 12)], [Span(document="d", start=0, end=8)]) == [4 / 8, 4 / 8, 4 / 12]


def test_overlapping_contexts_count_once() -> None:
    assert _values([("d", 0, 6), ("d", 4, 8), ("d", 0, 8)], [Span(document="d", start=0, end=8)]) == [1, 1, 1]


def test_the_same_offsets_in_another_document_are_not_found() -> None:
    assert _values([("e", 0, 8)], [Span(document="d", start=0, end=8)]) == [0, 0, 0]


def test_no_context_scores_zero_and_no_gold_is_not_applicable() -> None:
    assert _values([], [Span(document="d", start=0, end=8)]) == [0, 0, 0]
    assert _values([("d", 0, 8)], []) == [None, None, None]


def test_gold_over_two_documents_is_one_set() -> None:
    gold = [Span(document="d", start=0, end=6), Span(document="e", start=0, end=2)]
    assert _values([("d", 0, 6)], gold) == [6 / 8, 1, 6 / 8]


def test_a_whole_document_is_all_its_characters() -> None:
    assert _values([("e", 0, 5)], [Span(document="e")]) == [5 / 11, 1, 5 / 11]


def test_a_whole_document_without_its_text_fails_with_a_reason() -> None:
    answer = make_answer("x", [("e", 0, 5)], documents=DOCS)
    score = MEASURES["span_recall"].judge(Sample(question="?", relevant=(Span(document="e"),), answer=answer))
    assert score.status == "failed" and "not at hand" in score.reason


def test_tokens_are_words_and_marks_and_belong_to_spans_that_touch_them() -> None:
    # one | two | , | three | four | five | six; gold: "two, thr" touches two , three; context: "three four"
    assert _values([("d", 9, 19)], [Span(document="d", start=4, end=12)], "token") == [1 / 3, 1 / 2, 1 / 4]


def test_intervals_agree_with_sets_of_characters() -> None:
    rng = random.Random(2)
    for _ in range(300):
        gold, found = (
            [(rng.choice("ab"), s := rng.randrange(40), s + rng.randrange(1, 15)) for _ in range(rng.randint(1, 5))]
            for _ in range(2)
        )
        g, f = ({(d, i) for d, a, b in spans for i in range(a, b)} for spans in (gold, found))
        mg, mf = merge_intervals(gold), merge_intervals(found)
        assert count_shared(mg, mf) == len(g & f)
        assert span_recall(mg, mf) == pytest.approx(len(g & f) / len(g))
        assert span_precision(mg, mf) == pytest.approx(len(g & f) / len(f))
        assert span_iou(mg, mf) == pytest.approx(len(g & f) / len(g | f))
