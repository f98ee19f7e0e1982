"""Document measures on tiny rankings, by hand and against ir_measures."""

from __future__ import annotations

import random
from math import log2

import pytest

from engine.evaluation.measures import MEASURES, Sample
from engine.evaluation.measures.documents import ndcg_at, rank_documents, recall_at, reciprocal_rank
from engine.types import Span
from tests.engine.evaluation.scripted import make_answer


@pytest.mark.parametrize(
    ("ranking", "relevant", "k", "recall", "ndcg", "rr"),
    [
        (["a", "b", "c"], {"a"}, 5, 1, 1, 1),
        (["b", "a", "c"], {"a"}, 5, 1, 1 / log2(3), 1 / 2),
        (["b", "a", "c"], {"a"}, 1, 0, 0, 1 / 2),
        (["b", "a", "d", "c"], {"a", "c"}, 3, 1 / 2, (1 / log2(3)) / (1 + 1 / log2(3)), 1 / 2),
        ([], {"a"}, 5, 0, 0, 0),
        (["b"], {"a"}, 5, 0, 0, 0),
        (["a"], {"a", "b", "c"}, 1, 1 / 3, 1, 1),  # k above or below the gold: the ideal has min(k, gold) hits
        (["c", "b", "a"], {"a", "b", "c"}, 10, 1, 1, 1),
    ],
)
def test_rankings_score_as_computed_by_hand(
    ranking: list[str], relevant: set[str], k: int, recall: float, ndcg: float, rr: float
) -> None:
    assert recall_at(ranking, relevant, k) == pytest.approx(recall)
    assert ndcg_at(ranking, relevant, k) == pytest.approx(ndcg)
    assert reciprocal_rank(ranking, relevant) == pytest.approx(rr)


def test_a_document_counts_once_at_its_first_rank() -> None:
    assert rank_documents(["a", "a", "b", "a", "c"]) == ["a", "b", "c"]
    answer = make_answer("x", retrieved=["depot.md"] * 5 + ["refunds.md"])
    sample = Sample(question="?", relevant=(Span(document="refunds.md"),), answer=answer)
    assert MEASURES["recall@5"].judge(sample).value == 1
    assert MEASURES["MRR"].judge(sample).value == 0.5


def test_a_case_without_gold_is_not_applicable_never_zero() -> None:
    sample = Sample(question="?", answer=make_answer("x", retrieved=["a"]))
    for name in ("recall@5", "recall@10", "nDCG@10", "MRR"):
        score = MEASURES[name].judge(sample)
        assert (score.status, score.value) == ("not_applicable", None) and "gold" in score.reason


def test_a_failed_target_fails_the_measure_with_its_error() -> None:
    sample = Sample(question="?", relevant=(Span(document="a"),))
    score = MEASURES["MRR"].judge(sample, "TimeoutError: 30 s")
    assert score.status == "failed" and score.value is None and "TimeoutError" in score.reason


def test_hundred_random_rankings_agree_with_ir_measures() -> None:
    ir_measures = pytest.importorskip("ir_measures", reason="ir-measures is a development dependency")
    rng = random.Random(4)
    docs = [f"d{i}" for i in range(30)]
    qrels, run, ours = [], [], {}
    for q in range(100):
        gold, ranking = set(rng.sample(docs, rng.randint(1, 8))), rng.sample(docs, rng.randint(1, 30))
        qrels += [ir_measures.Qrel(str(q), d, 1) for d in gold]
        run += [ir_measures.ScoredDoc(str(q), d, float(-i)) for i, d in enumerate(ranking)]
        ours[str(q)] = (recall_at(ranking, gold, 5), ndcg_at(ranking, gold, 10), reciprocal_rank(ranking, gold))
    wanted = {"R@5": 0, "nDCG@10": 1, "RR": 2}
    for row in ir_measures.iter_calc([ir_measures.R @ 5, ir_measures.nDCG @ 10, ir_measures.RR], qrels, run):
        assert row.value == pytest.approx(ours[row.query_id][wanted[str(row.measure)]], abs=1e-9)
