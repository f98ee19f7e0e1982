"""What counts in the rolling windows."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.operations.windows import RollingWindows

NOW = datetime(2026, 1, 31, 12, 0)


def fill(windows: RollingWindows, outcomes: str, ms: float = 100.0, quality: float | None = 0.9) -> None:
    words = {"a": "answered", "b": "abstained", "d": "degraded", "r": "refused", "e": "error", "c": "cancelled"}
    for letter in outcomes:
        windows.add_request(asked_at=NOW, outcome=words[letter], total_ms=ms, context_quality=quality)


def test_without_requests_there_is_no_value() -> None:
    figures = RollingWindows().figures(NOW)
    assert all(figure.value is None and figure.samples == 0 for figure in figures.values())


def test_abstained_and_degraded_are_served_refused_is_not_and_only_failures_are_errors() -> None:
    windows = RollingWindows()
    fill(windows, "abdre" + "ccc")
    figures = windows.figures(NOW)
    assert (figures["success_rate"].value, figures["success_rate"].samples) == (0.6, 5)
    assert figures["error_rate"].value == 0.2


def test_windows_hold_the_last_hundred_and_fifty() -> None:
    windows = RollingWindows()
    fill(windows, "e" * 100, ms=10.0, quality=0.1)
    fill(windows, "a" * 100, ms=20.0, quality=0.8)
    figures = windows.figures(NOW)
    assert (figures["error_rate"].value, figures["response_ms"].value) == (0.0, 20.0)
    assert figures["context_quality"].samples == 50


def test_a_refusal_has_no_response_time() -> None:
    windows = RollingWindows()
    fill(windows, "a", ms=100.0)
    fill(windows, "r", ms=0.1)
    assert windows.figures(NOW)["response_ms"].value == 100.0


def test_what_is_older_than_an_hour_says_nothing_of_now_and_a_clock_set_back_loses_nothing() -> None:
    windows = RollingWindows()
    fill(windows, "a" * 10)
    assert windows.figures(NOW + timedelta(minutes=61))["success_rate"].samples == 0
    assert windows.figures(NOW - timedelta(days=3))["success_rate"].samples == 10


def test_restored_windows_are_those_of_before_the_restart() -> None:
    before, after = RollingWindows(), RollingWindows()
    fill(before, "aaeda")
    rows = [
        {"asked_at": NOW, "outcome": outcome, "total_ms": 100.0, "context_quality": 0.9}
        for outcome in ("answered", "answered", "error", "degraded", "answered")
    ]
    after.restore(rows)
    assert after.figures(NOW) == before.figures(NOW)
