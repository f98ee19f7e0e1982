"""The circuit breaker on a clock of the test's own."""

from __future__ import annotations

import threading

from engine.providers.breaker import BreakerRule, CircuitBreaker, Permit
from engine.telemetry import BreakerChange, SilentRecorder, recording

RULE = BreakerRule(failures=3, of_last=6, window_s=30.0, cool_down_s=10.0)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Changes(SilentRecorder):
    def __init__(self) -> None:
        self.changes: list[BreakerChange] = []

    def record_breaker(self, change: BreakerChange) -> None:
        self.changes.append(change)


def open_breaker() -> tuple[CircuitBreaker, Clock]:
    clock = Clock()
    return CircuitBreaker("p", RULE, clock=clock), clock


def admit(breaker: CircuitBreaker) -> Permit:
    permit = breaker.admit()
    assert permit is not None
    return permit


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        admit(breaker).fail("Timeout")


def test_it_opens_after_enough_failures_and_tells_the_recorder_why() -> None:
    breaker, _ = open_breaker()
    recorder = Changes()
    with recording(recorder):
        fail(breaker, 2)
        assert breaker.state == "closed"
        fail(breaker, 1)
    assert breaker.state == "open" and breaker.admit() is None and breaker.seconds_left() == 10.0
    [change] = recorder.changes
    assert (change.provider, change.state) == ("p", "open") and "Timeout" in change.reason


def test_failures_among_many_good_calls_and_old_ones_do_not_open_it() -> None:
    breaker, clock = open_breaker()
    for _ in range(20):
        fail(breaker, 1)
        for _ in range(5):
            admit(breaker).succeed()
    assert breaker.state == "closed"
    for _ in range(20):
        fail(breaker, 1)
        clock.now += 16
    assert breaker.state == "closed"


def test_a_busy_provider_that_dies_is_noticed_at_once() -> None:
    breaker, _ = open_breaker()
    for _ in range(1000):
        admit(breaker).succeed()
    fail(breaker, 3)
    assert breaker.state == "open"


def test_after_the_cool_down_one_probe_decides() -> None:
    breaker, clock = open_breaker()
    fail(breaker, 3)
    clock.now += 9.9
    assert breaker.admit() is None
    clock.now += 0.1
    probe = admit(breaker)
    assert probe.probe and breaker.state == "half_open" and breaker.admit() is None
    probe.fail("Timeout")
    assert breaker.state == "open" and breaker.seconds_left() == 10.0
    clock.now += 10
    admit(breaker).succeed()
    assert breaker.state == "closed"
    assert [c["state"] for c in breaker.describe()["changes"]] == ["open", "half_open", "open", "half_open", "closed"]
    fail(breaker, 2)
    assert breaker.state == "closed", "what happened before it opened is forgotten"


def test_a_probe_that_was_cancelled_leaves_its_place_to_the_next_call() -> None:
    breaker, clock = open_breaker()
    fail(breaker, 3)
    clock.now += 10
    admit(breaker).release()
    assert breaker.state == "half_open" and admit(breaker).probe


def test_calls_from_before_it_opened_decide_nothing() -> None:
    breaker, clock = open_breaker()
    early = [admit(breaker) for _ in range(3)]
    fail(breaker, 3)
    early[0].succeed()
    assert breaker.state == "open"
    clock.now += 10
    probe = admit(breaker)
    early[1].fail("Timeout")
    early[2].succeed()
    assert breaker.state == "half_open"
    probe.succeed()
    assert breaker.state == "closed"


def test_of_many_threads_one_gets_the_probe() -> None:
    breaker, clock = open_breaker()
    fail(breaker, 3)
    clock.now += 10
    permits: list[Permit | None] = []
    barrier = threading.Barrier(16)

    def ask() -> None:
        barrier.wait()
        permits.append(breaker.admit())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(permit is not None for permit in permits) == 1
