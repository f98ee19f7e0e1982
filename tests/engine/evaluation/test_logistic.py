from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.logistic import fit_logistic, measure_auroc, measure_calibration_error


def test_auroc_counts_ties_one_half() -> None:
    assert measure_auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])) == pytest.approx(0.75)
    assert measure_auroc(np.array([0.5, 0.5]), np.array([True, False])) == pytest.approx(0.5)
    assert measure_auroc(np.array([0.9, 0.1]), np.array([True, False])) == 1.0


def test_calibration_error_is_the_mean_gap_of_bins_of_equal_counts() -> None:
    p = np.array([0.2] * 10 + [0.8] * 10)
    y = np.array([True] * 4 + [False] * 6 + [True] * 8 + [False] * 2)
    assert measure_calibration_error(p, y, bins=2) == pytest.approx((0.2 * 10 + 0.0 * 10) / 20)
    assert measure_calibration_error(np.full(20, 0.5), np.arange(20) % 2 == 0, bins=1) == pytest.approx(0.0)


def test_a_fit_finds_the_weights_that_made_the_data() -> None:
    dice = np.random.default_rng(0)
    x = dice.normal(size=(20_000, 2)) * [1.0, 10.0] + [0.0, 5.0]
    y = dice.random(20_000) < 1 / (1 + np.exp(-(0.5 + 2 * x[:, 0] - 0.1 * x[:, 1])))
    assert fit_logistic(x, y, ridge=1e-6) == pytest.approx(np.array([0.5, 2.0, -0.1]), abs=0.1)


def test_a_heavy_penalty_leaves_only_the_base_rate() -> None:
    x, y = np.linspace(-1, 1, 100)[:, None], np.arange(100) >= 80
    intercept, weight = fit_logistic(x, y, ridge=1e6)
    assert weight == pytest.approx(0, abs=1e-3) and 1 / (1 + np.exp(-intercept)) == pytest.approx(0.2, abs=0.01)
