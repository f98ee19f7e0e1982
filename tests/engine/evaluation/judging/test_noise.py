"""A judge's own noise, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.judging.noise import measure_noise


def test_noise_of_two_cases_by_hand() -> None:
    found = measure_noise({"a": [0.4, 0.6], "b": [1.0, 1.0]})
    assert found.deviation == pytest.approx(0.1)  # (0.02 + 0) / 2 degrees of freedom
    assert (found.cases, found.repeats, found.flipped, found.flip_rate) == (2, 4, 1, 0.5)
    assert (found.worst, found.worst_case) == (pytest.approx(0.2), "a")


def test_a_case_judged_once_says_nothing_of_noise() -> None:
    assert measure_noise({"a": [0.4]}).deviation is None


def test_within_case_deviation_ignores_how_cases_differ() -> None:
    rng = np.random.default_rng(0)
    cases = {str(i): rng.normal(rng.random(), 0.05, 4) for i in range(500)}
    assert measure_noise(cases).deviation == pytest.approx(0.05, rel=0.1)


def test_mean_of_judgements_moves_as_far_as_said() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(50)
    shift = measure_noise({str(i): rng.normal(t, 0.1, 30) for i, t in enumerate(truth)})
    means = [rng.normal(truth, 0.1).mean() for _ in range(2000)]
    inside = np.mean(np.abs(np.array(means) - truth.mean()) <= shift.mean_shift)
    assert 0.93 <= inside <= 0.97
    assert shift.mean_shift_repeated < shift.mean_shift
