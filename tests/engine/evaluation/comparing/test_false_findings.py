"""Identical systems, measured twice: how often a comparison finds a difference between them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.comparing.differences import compare_sums, judge_measures
from engine.evaluation.comparing.noise import pool_repeats
from engine.evaluation.comparing.types import MeasureDifference


def sums_of(name: str, a: np.ndarray, b: np.ndarray) -> MeasureDifference:
    """As the database sums them up."""
    d = b - a
    binary = bool(np.isin(np.concatenate([a, b]), (0, 1)).all())
    return compare_sums(
        {
            "measure": name,
            "n": len(d),
            "a": float(a.mean()),
            "b": float(b.mean()),
            "total": float(d.sum()),
            "squares": float(d @ d),
            "wins": int((d > 1e-9).sum()),
            "losses": int((d < -1e-9).sum()),
            "binary": binary,
            "ones": int(((a == 1) & (b == 1)).sum()),
            "zeros": int(((a == 0) & (b == 0)).sum()),
            "moved": sorted(d[np.abs(d) > 1e-9]),
        }
    )


def measure_twice(rng: np.random.Generator, n: int) -> list[MeasureDifference]:
    """Eight measures of one noisy system, two runs: each case has its own difficulty, each run its own luck."""
    difficulty = rng.beta(4, 2, n)
    rates = [rng.random((2, n)) < difficulty for _ in range(3)]
    means = [np.clip(difficulty + rng.normal(0, 0.15, (2, n)), 0, 1) for _ in range(3)]
    sparse = [np.where(rng.random((2, n)) < 0.1, rng.random((2, n)), 1.0) for _ in range(2)]
    values = [np.asarray(pair, dtype=float) for pair in (*rates, *means, *sparse)]
    return [sums_of(f"m{i}", a, b) for i, (a, b) in enumerate(values)]


@pytest.mark.parametrize("n", [25, 70])
def test_two_identical_runs_compare_as_no_difference_in_95_of_100(n: int) -> None:
    rng = np.random.default_rng(1)
    repeats = 200  # of eight measures that do not hang together: the hardest case for Holm
    found = sum(
        any(m.verdict in ("better", "worse") for m in judge_measures(measure_twice(rng, n), {}, 0.0))
        for _ in range(repeats)
    )
    assert found <= 0.05 * repeats


def test_a_real_loss_is_found() -> None:
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(60):
        difficulty = rng.beta(4, 2, 300)
        a, b = rng.random(300) < difficulty, rng.random(300) < difficulty - 0.2
        judged = judge_measures([sums_of("success_rate", a.astype(float), b.astype(float))], {}, 0.02)
        found += judged[0].regression
    assert found >= 55


def test_the_noise_band_holds_95_of_100_differences_of_repeats() -> None:
    rng = np.random.default_rng(9)
    held, repeats = 0, 4_000
    for _ in range(repeats):
        values = rng.normal(0.8, 0.02, 4)
        pooled = pool_repeats([values])
        assert pooled is not None
        held += abs(rng.normal(0.8, 0.02) - rng.normal(0.8, 0.02)) <= pooled[0]
    assert 0.93 <= held / repeats <= 0.97


def test_single_runs_have_no_noise_band() -> None:
    assert pool_repeats([[0.8], [0.7]]) is None
    assert pool_repeats([[0.8, 0.8], [0.7, 0.7]]) == (0.0, 0.0, 2)
