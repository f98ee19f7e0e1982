from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.measures.documents import ndcg_at, rank_documents, recall_at
from engine.evaluation.measures.spans import merge_intervals, span_iou, span_precision, span_recall
from engine.evaluation.statistics import estimate_mean
from engine.tuning.comparing import compare_values, find_interval, summarise
from engine.tuning.faithfulness import kendall_tau
from engine.tuning.scoring import merge_pieces, score_documents, score_spans

RNG = np.random.default_rng(11)
QUESTIONS = 60


def draw_pieces(most: int) -> np.ndarray:
    count = int(RNG.integers(0, most * QUESTIONS))
    starts = RNG.integers(0, 200, count)
    return np.stack([RNG.integers(0, QUESTIONS, count), starts, starts + RNG.integers(0, 30, count)], axis=1)


@pytest.mark.parametrize("round_", range(5))
def test_spans_of_a_suite_score_as_those_of_single_cases(round_: int) -> None:
    gold, found = draw_pieces(3), draw_pieces(6)
    scores = score_spans(merge_pieces(*gold.T), merge_pieces(*found.T), QUESTIONS)
    for q in range(QUESTIONS):
        wanted, held = (merge_intervals(("d", a, b) for i, a, b in rows.tolist() if i == q) for rows in (gold, found))
        if not wanted.get("d"):
            assert all(np.isnan(values[q]) for values in scores.values())
            continue
        for name, formula in (("recall", span_recall), ("precision", span_precision), ("iou", span_iou)):
            assert scores[name][q] == pytest.approx(formula(wanted, held))


def test_pieces_that_touch_are_one_and_those_of_two_questions_are_not() -> None:
    merged = merge_pieces(np.array([0, 0, 1, 0]), np.array([5, 0, 5, 9]), np.array([9, 5, 9, 9]))
    assert (merged.question.tolist(), merged.start.tolist(), merged.end.tolist()) == ([0, 1], [0, 5], [9, 9])


def test_documents_of_a_suite_score_as_those_of_single_cases() -> None:
    ranking = RNG.integers(-1, 15, (QUESTIONS, 40))
    gold = [frozenset(RNG.integers(0, 20, RNG.integers(0, 4)).tolist()) for _ in range(QUESTIONS)]
    scores = score_documents(ranking, gold)
    for q, wanted in enumerate(gold):
        distinct = [d for d in rank_documents([str(d) for d in ranking[q].tolist()]) if d != "-1"]
        names = {str(d) for d in wanted}
        if not wanted:
            assert np.isnan(scores["ndcg@10"][q]) and np.isnan(scores["document_recall@5"][q])
        else:
            assert scores["document_recall@5"][q] == pytest.approx(recall_at(distinct, names, 5))
            assert scores["ndcg@10"][q] == pytest.approx(ndcg_at(distinct, names, 10))


@pytest.mark.parametrize(
    "values", [RNG.random(150), RNG.integers(0, 2, 80) * 1.0, RNG.random(500), np.ones(9), RNG.random(1)]
)
def test_the_labs_intervals_are_those_of_a_run(values: np.ndarray) -> None:
    ours, theirs = find_interval(values), estimate_mean(values)
    assert ours.low == pytest.approx(theirs.low) and ours.high == pytest.approx(theirs.high)


def test_cases_that_a_measure_does_not_apply_to_are_counted_and_not_averaged() -> None:
    figure = summarise({"recall": np.array([1.0, np.nan, 0.0]), "quality": np.full(3, np.nan)})
    assert (figure["recall"].mean, figure["recall"].scored, figure["recall"].total) == (0.5, 2, 3)
    assert (figure["quality"].mean, figure["quality"].low, figure["quality"].scored) == (None, None, 0)


def test_a_difference_is_paired_and_tells_how_often_each_side_was_better() -> None:
    found = compare_values(np.array([0.1, 0.5, np.nan, 0.9]), np.array([0.3, 0.5, 1.0, 0.8]))
    assert (found.n, found.wins, found.ties, found.losses) == (3, 1, 1, 1)
    assert found.difference == pytest.approx(0.1 / 3)


def test_kendalls_tau_of_known_rankings() -> None:
    assert kendall_tau([1, 2, 3, 4], [10, 20, 30, 40]) == 1.0
    assert kendall_tau([1, 2, 3, 4], [4, 3, 2, 1]) == -1.0
    assert kendall_tau([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(4 / 6)
    assert kendall_tau([1, 1, 1], [1, 2, 3]) is None
