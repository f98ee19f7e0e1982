from __future__ import annotations

import numpy as np

from engine.retrieval.diversity import diversify

SCORES = np.array([1.0, 0.9, 0.4])
VECTORS = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])


def test_without_diversity_the_order_is_that_of_the_scores() -> None:
    assert diversify(np.array([0.1, 0.9, 0.5]), VECTORS, 0.0, 3) == [1, 2, 0]


def test_what_is_like_the_chosen_comes_later() -> None:
    assert diversify(SCORES, VECTORS, 0.5, 3) == [0, 2, 1]
    assert diversify(SCORES, VECTORS, 0.5, 1) == [0]


def test_equal_scores_and_nothing_are_no_error() -> None:
    assert diversify(np.ones(3), VECTORS, 0.3, 3) == [0, 2, 1]
    assert diversify(np.zeros(0), np.zeros((0, 2)), 0.5, 5) == []
