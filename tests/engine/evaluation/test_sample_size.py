"""How many cases: against the formulas' own inverses, statsmodels, and simulated power."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from engine.errors import InputError
from engine.evaluation.sample_size import (
    count_for_goal,
    count_for_paired_means,
    count_for_paired_rates,
    count_for_rate,
    find_detectable_mean,
    find_detectable_rate,
    find_half_width,
)
from engine.evaluation.statistics import wilson_interval
from engine.evaluation.statistics_paired import mcnemar_p


@pytest.mark.parametrize(("k", "n"), [(90, 100), (27, 30), (500, 1_000)])
def test_half_widths_are_those_of_the_wilson_interval(k: int, n: int) -> None:
    low, high = proportion_confint(k, n, method="wilson")
    assert find_half_width(k / n, n) == pytest.approx((high - low) / 2)


@pytest.mark.parametrize(("rate", "half"), [(0.9, 0.03), (0.5, 0.05), (1.0, 0.02), (0.0, 0.1)])
def test_a_rate_needs_the_first_number_that_is_narrow_enough(rate: float, half: float) -> None:
    n = count_for_rate(rate, half)
    assert find_half_width(rate, n) <= half < find_half_width(rate, n - 1)


def test_ninety_per_cent_plus_or_minus_three_takes_388_cases() -> None:
    assert count_for_rate(0.9, 0.03) == 388


def test_a_paired_difference_is_found_in_four_comparisons_of_five() -> None:
    difference, discordance = 0.06, 0.2
    n = count_for_paired_rates(difference, discordance)
    up, down = (discordance + difference) / 2, (discordance - difference) / 2
    tables = np.random.default_rng(3).multinomial(n, [down, up, 1 - up - down], size=2_000)
    power = np.mean([mcnemar_p(int(lost), int(won)) < 0.05 for lost, won, _ in tables])
    assert 0.75 <= power <= 0.84


def test_what_n_cases_show_needs_n_cases() -> None:
    for n, discordance in ((90, 0.3), (400, 0.15), (5_000, 0.05)):
        least = find_detectable_rate(n, discordance)
        assert least is not None
        assert abs(count_for_paired_rates(least, max(least, discordance)) - n) <= 1
    least = find_detectable_mean(200, 0.4)
    assert least is not None
    assert abs((count_for_paired_means(least, 0.4) or 0) - 200) <= 1


def test_no_discordance_seen_still_says_what_could_be_shown() -> None:
    least = find_detectable_rate(90, 0.0)
    assert least == pytest.approx(0.085, abs=0.001)
    assert find_detectable_rate(3, 0.0) is None
    assert find_detectable_mean(50, 0.0) is None


@pytest.mark.parametrize(("rate", "goal"), [(0.9, 0.85), (0.8, 0.85), (1.0, 0.85), (0.0, 0.1)])
def test_a_goal_is_decided_when_the_interval_leaves_it_out(rate: float, goal: float) -> None:
    n = count_for_goal(rate, goal)
    assert n is not None
    interval = wilson_interval(round(rate * 100_000), 100_000)
    assert not interval.low <= goal <= interval.high  # type: ignore[operator]
    if rate in (0.0, 1.0):
        ends = wilson_interval(round(rate * n), n)
        assert not ends.low <= goal <= ends.high  # type: ignore[operator]
        before = wilson_interval(round(rate * (n - 1)), n - 1)
        assert before.low <= goal <= before.high  # type: ignore[operator]


def test_a_rate_on_its_goal_is_never_decided() -> None:
    assert count_for_goal(0.85, 0.85) is None


@pytest.mark.parametrize(
    "ask",
    [
        lambda: count_for_rate(1.2, 0.03),
        lambda: count_for_rate(0.9, 0.0),
        lambda: count_for_rate(0.5, 1e-6),
        lambda: count_for_paired_rates(0.3, 0.2),
        lambda: count_for_paired_rates(0.0, 0.2),
        lambda: count_for_goal(0.9, 1.2),
    ],
)
def test_a_question_without_an_answer_is_refused(ask: object) -> None:
    with pytest.raises(InputError):
        ask()  # type: ignore[operator]
