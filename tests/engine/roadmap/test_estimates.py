from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.statistics import wilson_interval
from engine.roadmap.estimates import count_more_cases, estimate_figure


def rate(passed: int, n: int) -> list[float]:
    return [1.0] * passed + [0.0] * (n - passed)


def test_a_rate_has_its_wilson_interval() -> None:
    found = estimate_figure("rate", rate(8, 10))
    expected = wilson_interval(8, 10)
    assert (found.value, found.low, found.high, found.n) == (0.8, expected.low, expected.high, 10)


def test_no_values_give_no_estimate() -> None:
    for kind in ("rate", "mean", "spread", "p50", "p95"):
        found = estimate_figure(kind, [])
        assert (found.value, found.low, found.high, found.n) == (None, None, None, 0)


def test_a_spread_is_the_standard_deviation_and_one_value_has_none() -> None:
    assert estimate_figure("spread", [0.5]).value is None
    assert estimate_figure("spread", [0.5, 0.5, 0.5]).value == 0.0
    found = estimate_figure("spread", [0.2, 0.4, 0.6, 0.8])
    assert found.value == pytest.approx(np.std([0.2, 0.4, 0.6, 0.8], ddof=1))


def test_the_interval_of_a_spread_holds_the_true_one_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(200):
        found = estimate_figure("spread", rng.normal(0.7, 0.1, size=120))
        assert found.low is not None and found.high is not None
        hits += found.low <= 0.1 <= found.high
    assert 0.89 <= hits / 200 <= 0.985


def test_the_same_values_always_give_the_same_interval() -> None:
    values = list(np.random.default_rng(1).random(50))
    for kind in ("mean", "spread"):
        assert estimate_figure(kind, values) == estimate_figure(kind, values)


def test_an_interval_that_is_off_the_goal_needs_no_more_cases() -> None:
    assert count_more_cases("rate", rate(95, 100), 0.75) == 0
    assert count_more_cases("rate", rate(30, 100), 0.75) == 0


def test_a_rate_on_the_goal_is_never_decided() -> None:
    assert count_more_cases("rate", rate(75, 100), 0.75) is None


def test_as_many_more_cases_as_said_do_decide_a_rate() -> None:
    more = count_more_cases("rate", rate(80, 100), 0.75)
    assert more is not None and more > 0
    enough = -(-(100 + more) // 5) * 5  # a multiple of five, so that four fifths are whole cases
    at_end, before = wilson_interval(enough * 4 // 5, enough), wilson_interval((enough - 5) * 4 // 5, enough - 5)
    assert at_end.low is not None and before.low is not None
    assert before.low < 0.75 < at_end.low


def test_a_perfect_rate_against_a_goal_of_one_or_zero_is_decided() -> None:
    assert count_more_cases("rate", rate(10, 10), 1.0) is None
    assert count_more_cases("rate", rate(9, 10), 1.0) == 0


def test_a_mean_near_its_goal_needs_more_cases_than_one_far_from_it() -> None:
    values = np.random.default_rng(2).normal(0.8, 0.2, size=50)
    near = count_more_cases("mean", values, float(values.mean()) - 0.01)
    far = count_more_cases("mean", values, float(values.mean()) - 0.04)
    assert near is not None and far is not None
    assert near > far > 0
    assert count_more_cases("mean", values, float(values.mean()) - 0.5) == 0


def test_a_quantile_is_decided_by_the_share_of_values_under_the_goal() -> None:
    values = [float(i) for i in range(1, 101)]
    assert count_more_cases("p50", values, 90.0) == 0
    undecided = count_more_cases("p50", values, 52.0)
    assert undecided is not None and undecided > 100


def test_one_value_says_nothing_about_how_many_are_needed() -> None:
    assert count_more_cases("mean", [0.4], 0.9) is None
