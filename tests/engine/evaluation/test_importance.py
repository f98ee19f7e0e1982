from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.importance import encode_setting, measure_importance

GRID = [{"size": s, "k": k, "mode": m} for s in (1, 2, 4) for k in (5, 10) for m in ("a", "b")]


def test_shares_of_a_complete_grid_are_the_variances_of_the_means() -> None:
    scores = [3.0 * (t["size"] == 4) + 1.0 * (t["k"] == 10) for t in GRID]
    found = measure_importance(GRID, scores, complete=True)
    total = np.var(scores)
    by_size = np.var([np.mean([y for t, y in zip(GRID, scores, strict=True) if t["size"] == s]) for s in (1, 2, 4)])
    assert found.shares["size"] == pytest.approx(by_size / total)
    assert found.shares["mode"] == pytest.approx(0.0, abs=1e-9)
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert next(iter(found.shares)) == "size"


def test_what_two_settings_do_only_together_is_interplay() -> None:
    scores = [float((t["k"] == 10) == (t["mode"] == "b")) for t in GRID]
    found = measure_importance(GRID, scores, complete=True)
    assert found.interplay == pytest.approx(1.0)
    assert max(found.shares.values()) == pytest.approx(0.0, abs=1e-9)


def test_chance_gives_a_setting_that_does_nothing_next_to_no_share_of_random_trials() -> None:
    rng = np.random.default_rng(0)
    trials = [{"size": float(rng.uniform(1, 9)), "idle": float(rng.uniform())} for _ in range(60)]
    scores = [-((t["size"] - 4) ** 2) + float(rng.normal(0, 0.5)) for t in trials]
    found = measure_importance(trials, scores)
    assert found.shares["size"] > 0.9
    assert found.shares["idle"] < 0.05


@pytest.mark.parametrize(
    ("trials", "scores", "reason"),
    [
        ([], [], "0 trials are too few"),
        (GRID[:4], [1.0, 2.0, 3.0, 4.0], "4 trials are too few"),
        (GRID, [0.5] * 12, "scored the same"),
    ],
)  # fmt: skip
def test_where_nothing_can_be_said_the_reason_is(
    trials: list[dict[str, object]], scores: list[float], reason: str
) -> None:
    found = measure_importance(trials, scores)
    assert reason in found.as_json()["reason"]
    assert found.shares == {}


def test_many_numbers_are_a_parabola_and_few_are_levels() -> None:
    assert encode_setting(list(range(20))).shape == (20, 2)
    assert encode_setting([1, 2, 4, 1]).shape == (4, 2)
    assert encode_setting(["a"] * 3).shape == (3, 0)
