"""Intervals against published values and by simulated coverage."""

from __future__ import annotations

import time

import numpy as np
import pytest

from engine.evaluation.statistics import (
    bootstrap_mean_interval,
    estimate_mean,
    quantile_interval,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [  # Newcombe 1998, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_newcombe_s_table(k: int, n: int, low: float, high: float) -> None:
    interval = wilson_interval(k, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing_is_no_interval_and_of_all_ends_at_one() -> None:
    assert wilson_interval(0, 0).low is None
    assert wilson_interval(20, 20).high == 1.0 and wilson_interval(20, 20).low == pytest.approx(1 - 0.1611, abs=5e-5)
    with pytest.raises(ValueError, match="21"):
        wilson_interval(21, 20)


def test_wilson_covers_what_it_claims() -> None:
    rng = np.random.default_rng(1)
    for p in (0.1, 0.5, 0.9):
        hits = [i.low <= p <= i.high for i in (wilson_interval(int(k), 80) for k in rng.binomial(80, p, 2000))]
        assert 0.93 <= np.mean(hits) <= 0.975


def test_the_mean_s_interval_agrees_with_scipy_s_bca() -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    x = np.random.default_rng(5).beta(2, 5, 60)
    theirs = scipy_stats.bootstrap((x,), np.mean, method="BCa", n_resamples=20_000, rng=1).confidence_interval
    ours = bootstrap_mean_interval(x, seed=1, resamples=20_000)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.002)


def test_the_mean_s_interval_of_a_large_sample_is_student_s_t() -> None:
    stats = pytest.importorskip("scipy.stats")
    x = np.random.default_rng(6).exponential(size=1000)
    low, high = stats.t.interval(0.95, len(x) - 1, x.mean(), x.std(ddof=1) / np.sqrt(len(x)))
    ours = bootstrap_mean_interval(x)
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize("n", [40, 600])
def test_the_mean_s_interval_covers_a_skewed_mean(n: int) -> None:
    rng = np.random.default_rng(8)
    hits = []
    for _ in range(300):
        i = bootstrap_mean_interval(rng.beta(1, 4, n), seed=2, resamples=500)
        hits.append(i.low <= 0.2 <= i.high)
    assert 0.90 <= np.mean(hits) <= 0.98


def test_the_seed_decides_the_interval() -> None:
    x = np.random.default_rng(9).random(50)
    assert bootstrap_mean_interval(x, seed=1) == bootstrap_mean_interval(x, seed=1) != bootstrap_mean_interval(x, 2)


def test_one_value_has_a_mean_and_no_interval() -> None:
    estimate = estimate_mean([0.4])
    assert (estimate.mean, estimate.low, estimate.high, estimate.n) == (0.4, None, None, 1)
    assert estimate_mean([]).mean is None


def test_a_measure_of_zeros_and_ones_is_a_rate() -> None:
    estimate = estimate_mean([1.0] * 20)
    assert estimate.low == pytest.approx(0.8389, abs=5e-5), "twenty of twenty are not certainty"


def test_a_quantile_s_interval_is_the_textbook_s() -> None:
    # n = 10, median: order statistics 2 and 9 hold it with 97.9 % (David and Nagaraja, table of 7.1)
    interval = quantile_interval(range(1, 11), 0.5)
    assert (interval.low, interval.high) == (2, 9)


def test_a_small_sample_cannot_bound_its_99th_percentile() -> None:
    interval = quantile_interval(np.arange(60), 0.99)
    assert interval.high is None and interval.low is not None
    assert quantile_interval([], 0.5).low is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_interval([1.0], 95)


@pytest.mark.parametrize("q", [0.5, 0.95])
def test_a_quantile_s_interval_covers_what_it_claims(q: float) -> None:
    rng = np.random.default_rng(11)
    truth = -np.log(1 - q)
    intervals = [quantile_interval(rng.exponential(size=200), q) for _ in range(1000)]
    assert 0.94 <= np.mean([i.low <= truth <= i.high for i in intervals]) <= 0.985


def test_the_time_of_an_interval_grows_with_the_values_and_no_faster() -> None:
    x = np.random.default_rng(1).random(16_000)
    tries = [(_seconds_of_intervals(x[:2_000]), _seconds_of_intervals(x)) for _ in range(3)]
    assert min(many / few for few, many in tries) < 16


def _seconds_of_intervals(x: np.ndarray) -> float:
    start = time.process_time()
    for _ in range(10):
        bootstrap_mean_interval(x)
        quantile_interval(x, 0.95)
    return time.process_time() - start
