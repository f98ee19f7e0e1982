"""The process's own event loop."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator

import pytest

from engine.providers.loop import get_loop, iterate, on_loop, run_async
from engine.providers.retries import RetryBudget, RetryPolicy
from engine.providers.wire import read_retry_after
from engine.telemetry import SilentRecorder, Trace, get_correlation_id, recording


async def where() -> tuple[asyncio.AbstractEventLoop, str]:
    return asyncio.get_running_loop(), get_correlation_id()


def test_work_of_every_thread_and_loop_runs_on_one_loop_with_the_callers_context() -> None:
    with recording(SilentRecorder(), Trace("id-7")):
        found = [run_async(where()), asyncio.run(on_loop(where()))]
        thread_found = []
        thread = threading.Thread(target=lambda: thread_found.append(run_async(where())))
        thread.start()
        thread.join()
    assert found == [(get_loop(), "id-7")] * 2
    assert thread_found == [(get_loop(), "")], "a new thread has a context of its own"


def test_waiting_for_the_loop_on_the_loop_is_refused() -> None:
    async def wrong() -> None:
        run_async(where())

    with pytest.raises(RuntimeError, match="await instead"):
        run_async(wrong())


def test_an_iterator_is_read_by_one_task_and_closing_it_cancels_and_waits() -> None:
    tasks, ended = set(), threading.Event()

    async def count() -> AsyncIterator[int]:
        try:
            for number in range(1_000_000):
                tasks.add(asyncio.current_task())
                yield number
                await asyncio.sleep(0)
        finally:
            ended.set()

    numbers = iterate(count())
    assert [next(numbers) for _ in range(3)] == [0, 1, 2]
    numbers.close()  # type: ignore[attr-defined]
    assert ended.is_set() and len(tasks) == 1


def test_an_error_of_the_iterator_comes_after_what_it_gave() -> None:
    async def broken() -> AsyncIterator[str]:
        yield "one"
        raise ValueError("two")

    numbers = iterate(broken())
    assert next(numbers) == "one"
    with pytest.raises(ValueError, match="two"):
        next(numbers)


def test_an_interrupt_cancels_what_was_waited_for() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    def interrupt() -> None:
        begun.wait(10)
        while sys._current_frames()[main].f_code.co_name != "wait":  # until the caller really waits
            time.sleep(0.001)
        signal.pthread_kill(main, signal.SIGINT)

    main = threading.get_ident()
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_async(work())
    thread.join()
    assert cancelled.wait(10)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *[("3", 3.0), ("0.5", 0.5), ("-4", 0.0), ("", None), ("soon", None), ("nan", None), ("inf", None)],
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    assert read_retry_after(value) == seconds


def test_a_date_to_come_again_is_counted_from_the_providers_own_clock() -> None:
    sent, then = "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:04 GMT"
    assert read_retry_after(then, sent) == 4.0 and read_retry_after(sent, then) == 0.0


def test_retries_are_a_share_of_the_calls_of_the_window() -> None:
    now = 0.0
    budget = RetryBudget(RetryPolicy(budget_floor=2, budget_share=0.2, budget_window_s=10.0), clock=lambda: now)
    for _ in range(20):
        budget.note_call()
    assert [budget.take_retry() for _ in range(6)] == [True] * 4 + [False] * 2
    now = 11.0
    assert budget.describe() == {"calls": 0, "retries": 0}
    assert [budget.take_retry() for _ in range(3)] == [True, True, False]
