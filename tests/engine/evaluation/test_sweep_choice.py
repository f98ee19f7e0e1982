from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.sweep_choice import FEW, Resampler, compare_paired, estimate, split_cases


def test_halves_are_disjoint_complete_even_in_each_stratum_and_keep_groups_whole() -> None:
    groups = [f"case{i // 2}" for i in range(200)]  # two turns each
    strata = [("policy" if i // 2 % 5 == 0 else "times") for i in range(200)]
    halves = split_cases(groups, strata, seed=0)
    both = np.concatenate([halves.choosing, halves.held_out])
    assert sorted(both.tolist()) == list(range(200))
    assert not {groups[i] for i in halves.choosing} & {groups[i] for i in halves.held_out}
    for stratum in ("policy", "times"):
        sizes = [sum(strata[i] == stratum for i in half) for half in (halves.choosing, halves.held_out)]
        assert abs(sizes[0] - sizes[1]) <= 2


def test_the_split_follows_the_seed_and_not_the_order_of_the_cases() -> None:
    groups = [f"q{i}" for i in range(50)]
    first = split_cases(groups, [""] * 50, seed=1)
    turned = split_cases(groups[::-1], [""] * 50, seed=1)
    assert {groups[i] for i in first.choosing} == {groups[::-1][i] for i in turned.choosing}
    other = split_cases(groups, [""] * 50, seed=2)
    assert set(first.choosing) != set(other.choosing)


def test_the_quick_interval_agrees_with_the_slow_one_and_leaves_cases_without_a_score_out() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0.6, 0.2, 150)
    values[::10] = np.nan
    quick = Resampler(150, seed=0).summarise({"recall": values, "tokens": rng.normal(500, 50, 150)})
    slow = estimate(values)
    assert quick["recall"]["mean"] == pytest.approx(slow["mean"], abs=1e-6)
    assert quick["recall"]["low"] == pytest.approx(slow["low"], abs=0.01)
    assert quick["recall"]["high"] == pytest.approx(slow["high"], abs=0.01)
    assert (quick["recall"]["scored"], quick["recall"]["total"]) == (135, 150)
    nothing = Resampler(3, seed=0).summarise({"quality": np.full(3, np.nan)})["quality"]
    assert (nothing["mean"], nothing["low"], nothing["scored"]) == (None, None, 0)


def test_a_clear_gain_is_better_and_fewer_tokens_are_better_too() -> None:
    rng = np.random.default_rng(1)
    start = rng.uniform(0.3, 0.6, 80)
    found = compare_paired(start + rng.uniform(0.0, 0.2, 80), start)
    assert found["verdict"] == "better"
    assert found["low"] > 0 and found["p"] < 0.001 and found["wins"] == 80
    fewer = compare_paired(start * 100 - 5, start * 100, less_is_better=True)
    assert (fewer["verdict"], fewer["wins"]) == ("better", 80)
    assert compare_paired(start * 100 + 5, start * 100, less_is_better=True)["verdict"] == "worse"


def test_noise_is_not_told_apart_and_says_what_would_be() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.5, 0.1, 100), rng.normal(0.5, 0.1, 100)
    found = compare_paired(a, b)
    assert found["verdict"] == "unclear"
    assert found["low"] <= 0 <= found["high"] and found["p"] > 0.05
    assert 0.02 < found["detectable"] < 0.06


def test_few_cases_tell_nothing_however_large_the_difference() -> None:
    few = FEW - 1
    found = compare_paired(np.linspace(0.9, 1.0, few), np.linspace(0.1, 0.2, few) ** 2)
    assert (found["verdict"], found["n"]) == ("too_few", few)
    assert compare_paired(np.array([np.nan]), np.array([1.0]))["n"] == 0


def test_p_is_the_exact_share_of_sign_patterns_for_few_values() -> None:
    found = compare_paired(np.array([1.0, 1.0, 1.0, 1.0]), np.zeros(4))
    assert found["p"] == pytest.approx(2 / 16, abs=0.02)
    same = compare_paired(np.ones(40), np.ones(40))
    assert (same["p"], same["verdict"]) == (1.0, "same")
