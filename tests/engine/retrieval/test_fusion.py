from __future__ import annotations

import math

import numpy as np
import pytest

from engine.retrieval import DEPTH, Balance, Evidence, fuse_scores, load_balance
from engine.retrieval.fusion import rank_of
from engine.settings import PipelineSettings

BALANCE = Balance(sentence=0.25, lexical=0.2, title=0.3, provenance={})


def fuse(dense: list[list[float]], lexical: list[list[float]], **values: object) -> np.ndarray:
    settings = PipelineSettings().with_values(values)
    return fuse_scores(Evidence(dense=np.array(dense), lexical=np.array(lexical), chunks=9), settings, BALANCE)


def test_ranks_are_fused_as_computed_by_hand() -> None:
    fused = fuse([[0.9, 0.8, 0.7, 0.1]], [[0.0, 0.0, 12.0, 5.0]], fusion="rrf")[0]
    third, fourth = 0.5 / 63 + 0.5 / 61, 0.5 / 64 + 0.5 / 62
    assert fused == pytest.approx([0.5 / 61, 0.5 / 62, third, fourth])


def test_fusion_by_rank_looks_at_the_first_fifty_or_top_k_of_a_ranking() -> None:
    dense = [[1 - i / 200 for i in range(120)]]
    found = fuse(dense, [[0.0] * 120], fusion="rrf")[0] > 0
    assert found.sum() == DEPTH and found[:DEPTH].all()
    assert (fuse(dense, [[0.0] * 120], fusion="rrf", top_k=70)[0] > 0).sum() == 70


def test_scores_are_scaled_from_their_theoretical_minimum() -> None:
    fused = fuse([[0.5, 0.0]], [[0.0, 8.0]], fusion="convex", weight=0.7)[0]
    assert fused == pytest.approx([0.7, 0.7 / 1.5 + 0.3])


def test_the_fitted_fusion_is_what_its_formula_says() -> None:
    evidence = Evidence(
        dense=np.array([[0.4]]),
        lexical=np.array([[6.0]]),
        chunks=9,
        sentences=np.array([[0.8]]),
        titles=np.array([[0.5]]),
    )
    expected = 0.75 * 0.4 + 0.25 * 0.8 + 0.2 * 6 / math.log(10) + 0.3 * 0.5
    assert fuse_scores(evidence, PipelineSettings(fusion="learned"), BALANCE)[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize("fusion", ["learned", "rrf", "convex"])
def test_the_ends_of_the_weight_are_the_rankings_alone(fusion: str) -> None:
    dense, lexical = [[0.9, 0.2, 0.5]], [[1.0, 3.0, 2.0]]
    assert rank_of(fuse(dense, lexical, fusion=fusion, weight=1.0)).tolist() == [[1, 3, 2]]
    assert rank_of(fuse(dense, lexical, fusion=fusion, weight=0.0)).tolist() == [[3, 1, 2]]


def test_a_mode_of_one_ranking_gives_its_own_scores() -> None:
    assert fuse([[0.9, 0.2]], [[1.0, 3.0]], mode="dense").tolist() == [[0.9, 0.2]]
    assert fuse([[0.9, 0.2]], [[1.0, 3.0]], mode="lexical").tolist() == [[1.0, 3.0]]


def test_rare_words_decide_where_they_match_and_meaning_where_they_do_not() -> None:
    near_but_other_name, far_but_exact = fuse([[0.6, 0.4]], [[3.0, 12.0]])[0]
    assert far_but_exact > near_but_other_name
    near, far = fuse([[0.6, 0.4]], [[3.0, 3.5]])[0]
    assert near > far


@pytest.mark.parametrize("fusion", ["learned", "rrf", "convex"])
def test_many_questions_are_scored_as_each_by_itself(fusion: str) -> None:
    dice = np.random.default_rng(3)
    dense, lexical = dice.normal(size=(4, 80)), np.maximum(dice.normal(size=(4, 80)), 0)
    together = fuse(dense.tolist(), lexical.tolist(), fusion=fusion)
    alone = [fuse([d], [w], fusion=fusion)[0] for d, w in zip(dense.tolist(), lexical.tolist(), strict=True)]
    assert np.allclose(together, alone)


def test_equal_scores_rank_in_their_order_and_no_chunks_are_no_error() -> None:
    assert rank_of(np.array([[1.0, 2.0, 2.0, 1.0]])).tolist() == [[3, 1, 2, 4]]
    assert fuse([[]], [[]], fusion="convex").shape == (1, 0)


def test_the_shipped_balance_names_where_it_comes_from() -> None:
    balance = load_balance()
    assert 0 <= balance.sentence <= 1 and balance.lexical > 0 and balance.title >= 0
    assert balance.provenance["data"] and balance.provenance["held_out"] and balance.provenance["date"]
