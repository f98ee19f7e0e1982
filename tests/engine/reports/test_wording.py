from __future__ import annotations

import pytest

from engine.reports.wording import duration_words, goal_words, interval_words, value_words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.8421, "share", "84.2\u00a0%"),
        (12.345, "ms", "12.3\u00a0ms"),
        (1234.5, "ms", "1,234\u00a0ms"),
        (0.0123, "s", "0.0123\u00a0s"),
        (412.7, "MB", "413\u00a0MB"),
        (5.0, "x", "5.00×"),
        (3.0, "count", "3"),
        (1.0, "done", "done"),
        (0.0, "done", "not done"),
        (0.0, "ms", "0\u00a0ms"),
        (None, "ms", "no data"),
    ],
)
def test_a_value_has_sensible_digits_and_its_unit(value: float | None, unit: str, words: str) -> None:
    assert value_words(value, unit) == words


@pytest.mark.parametrize(("value", "threshold"), [(0.8496, 0.85), (0.85004, 0.85), (0.899946, 0.9)])
def test_a_printed_value_never_lands_on_the_other_side_of_its_goal(value: float, threshold: float) -> None:
    printed = float(value_words(value, "share", threshold).removesuffix("\u00a0%")) / 100
    assert (printed < threshold) == (value < threshold)
    assert printed != threshold


def test_a_value_that_is_the_goal_is_printed_short() -> None:
    assert value_words(0.85, "share", 0.85) == "85.0\u00a0%"


def test_a_goal_keeps_all_digits_of_its_threshold() -> None:
    assert goal_words(">=", 0.9995, "share") == "≥\u00a099.95\u00a0%"
    assert goal_words("<", 25.0, "ms") == "<\u00a025\u00a0ms"
    assert goal_words(">=", 1, "done") == "done"


def test_an_interval_with_an_open_end_says_so() -> None:
    assert interval_words(0.718, 0.9012, "share") == "71.8 – 90.1\u00a0%"
    assert interval_words(20.2, None, "ms") == "20.2\u00a0ms or more"
    assert interval_words(None, 3.0, "ms") == "up to 3.00\u00a0ms"
    assert interval_words(None, None, "ms") == "—"


def test_durations_read_naturally() -> None:
    assert [duration_words(s) for s in (4.21, 200, 3900, None)] == ["4.2 s", "3 min 20 s", "1 h 5 min", "—"]
