"""Agreement of two raters, against statsmodels, scipy and published answers."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.judging.agreement import (
    krippendorff_alpha,
    measure_agreement,
    rank_disagreements,
    spearman,
    weighted_kappa,
)

NAN = float("nan")


def _draw(n: int = 200, noise: float = 0.2) -> tuple[dict[str, float], dict[str, float]]:
    rng = np.random.default_rng(3)
    x = rng.random(n)
    y = np.clip(x + rng.normal(0, noise, n), 0, 1)
    return {str(i): float(v) for i, v in enumerate(x)}, {str(i): float(v) for i, v in enumerate(y)}


def test_weighted_kappa_is_that_of_statsmodels() -> None:
    from statsmodels.stats.inter_rater import cohens_kappa

    rng = np.random.default_rng(1)
    a = rng.integers(0, 5, 300)
    b = np.clip(a + rng.integers(-1, 2, 300), 0, 4)
    table = np.zeros((5, 5))
    np.add.at(table, (a, b), 1)
    assert weighted_kappa(a, b) == pytest.approx(cohens_kappa(table, wt="quadratic", return_results=False))


def test_spearman_with_ties_is_that_of_scipy() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 6, 150).astype(float), rng.integers(0, 6, 150).astype(float)
    assert spearman(a, b + a) == pytest.approx(spearmanr(a, b + a).statistic)


def test_alpha_of_krippendorffs_own_example_with_missing_ratings() -> None:
    """Krippendorff 2011, section C: four observers, twelve units; interval alpha 0.849."""
    ratings = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
            [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
        ]
    )
    assert krippendorff_alpha(ratings) == pytest.approx(0.849, abs=0.0005)


def test_raters_who_give_the_same_agree_wholly() -> None:
    a, _ = _draw()
    found = measure_agreement(a, a)
    assert found.n == 200
    assert (found.kappa.kappa, found.alpha.value, found.distance.value) == (1.0, 1.0, 0.0)
    assert found.spearman.value == pytest.approx(1.0)


def test_interval_holds_the_value_and_narrows_with_more_cases() -> None:
    few, many = measure_agreement(*_draw(40)), measure_agreement(*_draw(800))
    for found in (few, many):
        assert found.alpha.low < found.alpha.value < found.alpha.high
    assert many.alpha.high - many.alpha.low < few.alpha.high - few.alpha.low


def test_the_stricter_rater_shows_in_the_difference() -> None:
    a, _ = _draw()
    found = measure_agreement(a, {case: value / 2 for case, value in a.items()})
    assert found.difference.high < 0


def test_cases_that_one_rated_alone_are_counted_and_left_out() -> None:
    found = measure_agreement({"1": 1.0, "2": 0.0, "3": 0.5, "x": 1.0}, {"1": 1.0, "2": 0.0, "3": 0.5, "y": 1.0})
    assert (found.n, found.only_a, found.only_b) == (3, 1, 1)


def test_too_few_cases_or_no_variation_give_no_figure() -> None:
    assert measure_agreement({"1": 1.0}, {"1": 0.0}).alpha.value is None
    same = {str(i): 1.0 for i in range(10)}
    assert measure_agreement(same, same).alpha.value is None
    assert measure_agreement(same, same).spearman.value is None


def test_disagreements_come_largest_first_without_agreements() -> None:
    rows = rank_disagreements({"a": 1.0, "b": 0.5, "c": 0.2}, {"a": 0.0, "b": 0.6, "c": 0.2})
    assert [row["case_id"] for row in rows] == ["a", "b"]
    assert rows[0]["difference"] == -1.0
