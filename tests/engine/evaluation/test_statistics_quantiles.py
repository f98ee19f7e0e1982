"""Paired differences of quantiles: coverage by simulation, edges by hand."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from engine.evaluation.statistics_quantiles import compare_quantiles


@pytest.mark.parametrize(("n", "q"), [(30, 0.5), (150, 0.5), (100, 0.95), (300, 0.95), (3_000, 0.95)])
def test_the_interval_covers_the_truth(n: int, q: float) -> None:
    rng, covered, repeats = np.random.default_rng(n), 0, 1_500
    spread = (0.25 + 0.04) ** 0.5
    z = NormalDist().inv_cdf(q)
    truth = np.exp(3.1 + spread * z) - np.exp(3.0 + spread * z)
    for _ in range(repeats):
        base = rng.lognormal(3, 0.5, n)
        found = compare_quantiles(base * rng.lognormal(0, 0.2, n), base * rng.lognormal(0.1, 0.2, n), q)
        covered += found.interval.low <= truth <= found.interval.high  # type: ignore[operator]
    assert 0.93 <= covered / repeats <= 0.97


def test_equal_runs_are_found_different_in_one_of_twenty() -> None:
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(1_000):
        base = rng.lognormal(3, 0.5, 200)
        p = compare_quantiles(base * rng.lognormal(0, 0.2, 200), base * rng.lognormal(0, 0.2, 200), 0.5).p
        found += p is not None and p < 0.05
    assert found <= 70


def test_too_few_pairs_beyond_a_quantile_bound_nothing() -> None:
    x = np.arange(99.0)
    found = compare_quantiles(x, x + 1, 0.95)
    assert (found.p, found.interval.low) == (None, None)
    assert found.difference == pytest.approx(1.0)


def test_equal_values_differ_by_nothing_and_constant_ones_bound_nothing() -> None:
    x = np.full(200, 5.0)
    assert compare_quantiles(x, x, 0.5).p == 1.0
    assert compare_quantiles(x, x + 1, 0.5).p is None


def test_values_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="not pairs"):
        compare_quantiles(np.arange(3.0), np.arange(4.0), 0.5)
