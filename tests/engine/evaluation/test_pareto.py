from __future__ import annotations

from engine.evaluation.pareto import find_front


def test_the_front_holds_what_nothing_else_beats_cheapest_first() -> None:
    gains, costs = [0.9, 0.5, 0.8, 0.9, 0.4], [100.0, 10.0, 50.0, 120.0, 30.0]
    assert find_front(gains, costs) == [1, 2, 0]


def test_of_equals_the_first_stands_for_all() -> None:
    assert find_front([0.5, 0.5, 0.5], [10.0, 10.0, 20.0]) == [0]


def test_equal_cost_goes_to_the_higher_gain_and_equal_gain_to_the_lower_cost() -> None:
    assert find_front([0.5, 0.6], [10.0, 10.0]) == [1]
    assert find_front([0.6, 0.6], [20.0, 10.0]) == [1]


def test_what_has_no_figure_is_left_out() -> None:
    assert find_front([None, 0.5, 0.9], [1.0, 2.0, None]) == [1]
    assert find_front([], []) == []
