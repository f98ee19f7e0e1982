from __future__ import annotations

import asyncio

import pytest

from engine.errors import LimitError
from engine.serving.rate_limiter import FEWEST, MOST_FACTOR, RECOVERY_S, WINDOW_S, AdaptiveLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def open_limiter(rate: float, **options: float) -> tuple[AdaptiveLimiter, Clock]:
    clock = Clock()
    return AdaptiveLimiter(rate, clock=clock, **options), clock  # type: ignore[arg-type]


def report(limiter: AdaptiveLimiter, clock: Clock, count: int, *, ok: bool = True, seconds: float = 0.1) -> None:
    for _ in range(count):
        clock.now += 0.01
        limiter.report(ok, seconds)


def test_calls_are_spaced_by_the_base_rate_after_the_first_burst() -> None:
    limiter, _ = open_limiter(2.0, burst=3)
    assert [limiter.reserve() for _ in range(5)] == pytest.approx([0, 0, 0, 0.5, 1.0])


def test_turns_come_back_with_time() -> None:
    limiter, clock = open_limiter(2.0, burst=1)
    assert limiter.reserve() == 0
    clock.now += 0.2
    assert limiter.reserve() == pytest.approx(0.3)
    clock.now += 10
    assert limiter.reserve() == 0


def test_without_a_base_nobody_waits_while_all_goes_well() -> None:
    limiter, clock = open_limiter(0.0)
    report(limiter, clock, 50)
    assert [limiter.reserve() for _ in range(100)] == [0.0] * 100


def test_one_error_in_ten_is_no_pressure_and_more_is() -> None:
    limiter, clock = open_limiter(10.0)
    report(limiter, clock, 9)
    report(limiter, clock, 1, ok=False)
    assert (limiter.describe().factor, limiter.describe().pressure) == (1.0, "")
    report(limiter, clock, 1, ok=False)
    assert limiter.describe().factor > 1.0
    assert limiter.describe().pressure == "18 % of the recent calls failed"


def test_a_single_failure_at_the_start_says_nothing() -> None:
    limiter, clock = open_limiter(10.0)
    report(limiter, clock, FEWEST - 1, ok=False)
    assert limiter.describe().error_rate is None and limiter.describe().factor == 1.0


def test_a_round_trip_over_five_seconds_is_pressure() -> None:
    limiter, clock = open_limiter(10.0)
    report(limiter, clock, 20, seconds=5.0)
    assert limiter.describe().factor == 1.0
    report(limiter, clock, 20, seconds=5.2)
    assert limiter.describe().factor > 1.0 and "5.1 s" in limiter.describe().pressure


def test_waits_grow_up_to_threefold_and_no_further() -> None:
    limiter, clock = open_limiter(10.0, burst=1)
    factors = []
    for _ in range(20):
        report(limiter, clock, 1, ok=False)
        factors.append(limiter.describe().factor)
    assert factors == sorted(factors) and factors[-1] == MOST_FACTOR
    clock.now += 1.0
    limiter.reserve()
    assert limiter.reserve() == pytest.approx(3.0 / 10.0)


def test_it_recovers_gradually_once_the_bad_calls_are_past() -> None:
    limiter, clock = open_limiter(10.0)
    report(limiter, clock, 20, ok=False)
    clock.now += WINDOW_S - 1
    assert limiter.describe().factor == MOST_FACTOR
    clock.now += 1 + RECOVERY_S / 2
    assert limiter.describe().factor == pytest.approx(2.0, abs=0.05)
    clock.now += RECOVERY_S
    assert limiter.describe().factor == 1.0 and limiter.describe().space_s == 0.1


def test_good_calls_end_the_pressure_before_the_window_does() -> None:
    limiter, clock = open_limiter(10.0)
    report(limiter, clock, 6, ok=False)
    high = limiter.describe().factor
    report(limiter, clock, 60)
    clock.now += RECOVERY_S / 4
    assert limiter.describe().pressure == "" and limiter.describe().factor < high


def test_without_a_base_pressure_holds_back_from_the_recent_pace() -> None:
    limiter, clock = open_limiter(0.0)
    for _ in range(20):
        limiter.reserve()
        clock.now += 0.05
    report(limiter, clock, 20, ok=False)
    assert limiter.describe().space_s == pytest.approx(0.15, rel=0.1)
    limiter.reserve()
    assert limiter.reserve() == pytest.approx(0.15, rel=0.1)


def test_a_turn_that_comes_too_late_is_refused_and_takes_nobodys_place() -> None:
    limiter, _ = open_limiter(1.0, burst=1, longest_wait_s=2.0)
    assert [limiter.reserve() for _ in range(3)] == [0, 1, 2]
    for _ in range(3):
        with pytest.raises(LimitError, match="held back") as refused:
            limiter.reserve()
        assert refused.value.retry_after_s == pytest.approx(3)


def test_a_waiter_who_is_cancelled_gives_the_turn_back() -> None:
    async def play() -> float:
        limiter = AdaptiveLimiter(0.5, burst=1)
        async with limiter.slot():
            pass

        async def wait() -> None:
            async with limiter.slot():
                raise AssertionError("the turn came too early")

        tasks = [asyncio.create_task(wait()) for _ in range(5)]
        while limiter.describe().waiting < 5:
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert limiter.describe().waiting == 0
        return limiter.reserve()

    assert asyncio.run(play()) <= 2.0


def test_threads_and_coroutines_share_one_pace() -> None:
    limiter = AdaptiveLimiter(1000.0, burst=1)
    with limiter.slot():
        pass

    async def enter() -> float:
        async with limiter.slot():
            return limiter.describe().space_s

    assert asyncio.run(enter()) == 0.001
