from datetime import UTC, datetime, timedelta

import pytest

from engine.views import words


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "–"), (0.0, "0 %"), (1.0, "100 %"), (0.8125, "81.2 %"), (0.0004, "0.0 %")]
)
def test_percent_tells_missing_from_zero(value: float | None, expected: str) -> None:
    assert words.percent(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "–"), (0.25, "0.25 ms"), (12.34, "12.3 ms"), (118.2, "118 ms"), (2500, "2.5 s")]
)
def test_milliseconds_have_three_digits_at_most(value: float | None, expected: str) -> None:
    assert words.milliseconds(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(None, "–"), (8.04, "8.0 s"), (59, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_duration_in_words(seconds: float | None, expected: str) -> None:
    assert words.duration(seconds) == expected


def test_an_interval_says_which_end_is_open() -> None:
    assert words.interval(0.5, 0.75) == "95 % interval 50.0 % to 75.0 %"
    assert words.interval(0.5, None) == "95 % interval from 50.0 %"
    assert words.interval(None, 0.5) == "95 % interval up to 50.0 %"
    assert words.interval(None, None) == "no interval yet"


def test_times_are_those_of_the_person() -> None:
    moment = datetime(2026, 1, 31, 23, 30)
    assert words.clock(moment, "Europe/Berlin") == "1 Feb 2026, 00:30"
    assert words.clock(moment, "No/Such") == "31 Jan 2026, 23:30"
    assert words.clock(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(3, "just now"), (61, "1 minute ago"), (7_300, "2 hours ago"), (200_000, "2 days ago")]
)
def test_ago(seconds: int, expected: str) -> None:
    now = datetime(2026, 2, 1, tzinfo=UTC)
    assert words.ago((now - timedelta(seconds=seconds)).replace(tzinfo=None), now) == expected


def test_a_list_of_names_is_a_sentence() -> None:
    assert [words.sentence_list("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
