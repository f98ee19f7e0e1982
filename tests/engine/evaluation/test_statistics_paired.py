"""Paired tests and intervals: against scipy and statsmodels, and by simulation with fixed seeds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from engine.evaluation.statistics_paired import (
    Moments,
    adjust_holm,
    mcnemar_p,
    mean_difference_interval,
    newcombe_interval,
    normal_p,
    permutation_p,
    student_p,
    t_quantile,
)


@pytest.mark.parametrize(("losses", "wins"), [(0, 1), (1, 6), (3, 12), (10, 12), (0, 30), (40, 70), (500, 560)])
def test_mcnemar_is_the_exact_test_of_statsmodels(losses: int, wins: int) -> None:
    exact = mcnemar([[0, losses], [wins, 0]], exact=True).pvalue
    assert mcnemar_p(losses, wins) == pytest.approx(min(1.0, exact), rel=1e-9)
    assert mcnemar_p(wins, losses) == mcnemar_p(losses, wins)


def test_p_of_an_even_split_and_of_no_discordant_pair_is_large() -> None:
    assert mcnemar_p(0, 0) == 1.0
    assert mcnemar_p(7, 7) > 0.99


def test_many_discordant_pairs_take_the_asymptotic_test_of_statsmodels() -> None:
    asymptotic = mcnemar([[0, 5_100], [5_300, 0]], exact=False, correction=False).pvalue
    assert mcnemar_p(5_100, 5_300) == pytest.approx(asymptotic, rel=1e-9)
    assert mcnemar_p(0, 90_000) > 0


def test_newcombe_gives_the_published_intervals() -> None:
    """Newcombe 1998, table II, method 10: (e, f, g, h) and the ends that he prints."""
    published = {
        (36, 12, 2, 0): (0.0569, 0.3404),
        (0, 30, 0, 0): (0.8395, 1.0),
    }
    for (both, only_first, only_second, neither), (low, high) in published.items():
        found = newcombe_interval(both, only_second, only_first, neither)
        assert (found.low, found.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


@pytest.mark.parametrize(
    ("rate", "gain", "lost", "n"), [(0.8, 0.1, 0.05, 90), (0.6, 0.15, 0.15, 40), (0.9, 0.02, 0.08, 300)]
)
def test_newcombe_covers_the_truth(rate: float, gain: float, lost: float, n: int) -> None:
    shares = [rate - lost, lost, gain, 1 - rate - gain]
    tables = np.random.default_rng(11).multinomial(n, shares, size=4_000)
    ends = [newcombe_interval(*map(int, table)) for table in tables]
    covered = np.mean([end.low <= gain - lost <= end.high for end in ends])
    assert 0.93 <= covered <= 0.97


def test_t_quantiles_are_those_of_scipy() -> None:
    freedoms = [*range(1, 60), 100, 1_000, 99_999]
    assert [t_quantile(f) for f in freedoms] == pytest.approx(list(stats.t.ppf(0.975, freedoms)), abs=1e-4)


def test_newcombe_of_uncorrelated_pairs_is_the_interval_of_two_samples() -> None:
    peer = confint_proportions_2indep(50, 100, 60, 100, method="newcomb", compare="diff")
    found = newcombe_interval(30, 30, 20, 20)
    assert (found.low, found.high) == pytest.approx(peer)


def test_newcombe_bounds_a_difference_that_no_pair_showed() -> None:
    found = newcombe_interval(75, 0, 0, 15)
    assert found.low < 0 < found.high  # type: ignore[operator]


def test_students_p_is_that_of_scipy() -> None:
    for freedom in (1, 2, 3, 4, 7, 8, 15, 40):
        for t in (0.0, 0.3, 1.0, 2.5, 9.0):
            assert student_p(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), abs=1e-12)


@pytest.mark.parametrize("size", [2, 7, 16])
def test_few_differences_try_every_sign(size: int) -> None:
    differences = np.random.default_rng(size).normal(0.4, 1, size)
    peer = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert permutation_p(Moments.of(differences)) == pytest.approx(peer.pvalue, abs=1e-12)


def test_one_pair_shows_nothing() -> None:
    assert permutation_p(Moments.of([0.7])) == 1.0
    assert mcnemar_p(0, 1) == 1.0


def test_sampled_signs_agree_with_the_normal_limit_and_repeat_themselves() -> None:
    differences = np.random.default_rng(5).normal(0.1, 1, 400)
    moments = Moments.of(differences)
    p = permutation_p(moments, seed=3)
    limit = normal_p(moments.total / moments.squares**0.5)
    assert p == pytest.approx(limit, abs=0.012)
    assert permutation_p(moments, seed=3) == p
    many = Moments.of(np.tile(differences, 5))
    assert many.moved is None
    assert permutation_p(many) == pytest.approx(normal_p(many.total / many.squares**0.5))


def test_p_is_never_zero() -> None:
    assert permutation_p(Moments.of(np.ones(400))) == pytest.approx(1 / 10_001)
    assert 0 < permutation_p(Moments.of(np.ones(50_000))) < 1e-100


def test_ties_carry_no_sign() -> None:
    few = np.array([0.5, -0.25, 1.0])
    assert permutation_p(Moments.of(np.concatenate([few, np.zeros(500)]))) == permutation_p(Moments.of(few))
    assert permutation_p(Moments.of(np.zeros(30))) == 1.0


def test_the_interval_of_few_pairs_is_students() -> None:
    differences = np.random.default_rng(2).normal(0.2, 1, 25)
    found = mean_difference_interval(Moments.of(differences))
    peer = stats.ttest_1samp(differences, 0).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(peer.low, abs=1e-4), pytest.approx(peer.high, abs=1e-4))


def test_constant_differences_and_single_pairs_have_no_spread() -> None:
    same = mean_difference_interval(Moments.of(np.full(50, 0.25)))
    assert (same.low, same.high) == (pytest.approx(0.25), pytest.approx(0.25))
    assert mean_difference_interval(Moments.of([0.3])).low is None


def draw_normal(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, float]:
    return rng.normal(0.1, 1, shape), 0.1


def draw_sparse(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, float]:
    moved = rng.choice([-0.5, 0.5, 1.0], size=shape, p=[0.3, 0.4, 0.3])
    return np.where(rng.random(shape) < 0.4, moved, 0.0), 0.4 * 0.35


@pytest.mark.parametrize("draw", [draw_normal, draw_sparse])
@pytest.mark.parametrize("n", [30, 79, 120, 500])
def test_mean_difference_intervals_cover_the_truth(n: int, draw: object) -> None:
    repeats = 700 if 80 <= n <= 400 else 3_000
    samples, truth = draw(np.random.default_rng(n), (repeats, n))  # type: ignore[operator]
    ends = [mean_difference_interval(Moments.of(sample), seed=i) for i, sample in enumerate(samples)]
    assert 0.93 <= np.mean([end.low <= truth <= end.high for end in ends]) <= 0.97


def test_holm_is_that_of_statsmodels() -> None:
    for seed in range(3):  # each call of statsmodels collects the garbage of the whole process
        p_values = np.random.default_rng(seed).random(60) ** 3
        assert adjust_holm(list(p_values)) == pytest.approx(list(multipletests(p_values, method="holm")[1]))
    assert adjust_holm([]) == []
