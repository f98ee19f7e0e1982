from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.agreement import cohen_kappa


def raters(n: int, seed: int, chance: float = 0.4, categories: int = 2) -> tuple[list[int], list[int]]:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, categories, n)
    b = np.where(rng.random(n) < 1 - chance, a, rng.integers(0, categories, n))
    return a.tolist(), b.tolist()


def test_a_table_worked_by_hand() -> None:
    a = ["right"] * 25 + ["wrong"] * 25
    b = ["right"] * 20 + ["wrong"] * 5 + ["right"] * 10 + ["wrong"] * 15
    found = cohen_kappa(a, b)
    assert (found.n, found.agreed, found.rate) == (50, 35, 0.7)
    assert found.kappa == pytest.approx(0.4)  # (0.7 - 0.5) / (1 - 0.5)


@pytest.mark.parametrize(("n", "seed", "categories"), [(20, 1, 2), (80, 2, 3), (400, 3, 2), (150, 4, 5)])
def test_kappa_and_its_interval_are_those_of_statsmodels(n: int, seed: int, categories: int) -> None:
    inter_rater = pytest.importorskip("statsmodels.stats.inter_rater")
    a, b = raters(n, seed, categories=categories)
    table = np.zeros((categories, categories))
    np.add.at(table, (a, b), 1)
    expected = inter_rater.cohens_kappa(table)
    found = cohen_kappa(a, b)
    assert found.kappa == pytest.approx(expected.kappa)
    assert (found.low, found.high) == pytest.approx((expected.kappa_low, min(1.0, expected.kappa_upp)))


def test_full_agreement_is_one_but_few_cases_do_not_prove_it() -> None:
    few, many = cohen_kappa([0, 1] * 5, [0, 1] * 5), cohen_kappa([0, 1] * 200, [0, 1] * 200)
    assert (few.kappa, few.high, many.kappa) == (1.0, 1.0, 1.0)
    assert few.low == pytest.approx(0.445, abs=0.001)  # (Wilson's 0.7225 - 0.5) / 0.5
    assert many.low > 0.97


@pytest.mark.parametrize(("a", "b"), [([], []), ([1, 1, 1], [1, 1, 1]), ([1, 1, 1], [1, 2, 2]), ([1, 2], [1, 1])])
def test_kappa_says_nothing_without_items_or_when_one_rater_has_one_category(a: list[int], b: list[int]) -> None:
    found = cohen_kappa(a, b)
    assert (found.kappa, found.low, found.high) == (None, None, None)
    assert found.agreed == sum(x == y for x, y in zip(a, b, strict=True))


def test_raters_of_unlike_length_are_refused() -> None:
    with pytest.raises(ValueError):
        cohen_kappa([1, 2], [1])


def test_the_interval_covers_the_truth_in_nineteen_of_twenty_simulations() -> None:
    truth = 0.6  # b repeats a in 60 of 100 cases and guesses evenly in the rest, so kappa is 0.6
    covered = 0
    for seed in range(1000):
        found = cohen_kappa(*raters(200, seed))
        covered += found.low <= truth <= found.high
    assert 0.93 <= covered / 1000 <= 0.97
