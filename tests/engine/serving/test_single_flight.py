from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.errors import ProviderError
from engine.serving.single_flight import SingleFlight


async def until(condition: object) -> None:
    """Let the loop run until a condition holds."""
    while not condition():  # type: ignore[operator]
        await asyncio.sleep(0)


def test_identical_questions_in_flight_are_computed_once() -> None:
    flights, made = SingleFlight(), []

    async def make() -> str:
        made.append(1)
        await until(lambda: waiting == 5)
        return "answer"

    async def ask() -> str:
        nonlocal waiting
        waiting += 1
        return await flights.run("q", make, lambda value: value + " joined")

    async def all_ask() -> list[str]:
        return await asyncio.gather(*(ask() for _ in range(5)))

    waiting = 0
    assert sorted(asyncio.run(all_ask())) == ["answer", *["answer joined"] * 4]
    assert len(made) == 1 and len(flights) == 0 and flights.counts.as_json()["joined"] == 4


def test_other_questions_do_not_wait_and_later_ones_are_computed_anew() -> None:
    flights, made = SingleFlight(), []

    async def make(name: str) -> str:
        made.append(name)
        return name

    async def ask() -> None:
        await asyncio.gather(flights.run("a", lambda: make("a")), flights.run("b", lambda: make("b")))
        await flights.run("a", lambda: make("a"))

    asyncio.run(ask())
    assert made == ["a", "b", "a"]


def test_an_error_of_the_leader_is_told_to_those_who_waited_and_not_kept() -> None:
    flights, tried = SingleFlight(), []

    async def fail() -> str:
        tried.append(1)
        await until(lambda: waiting == 3)
        raise ProviderError("It is down.", fails_over=True)

    async def ask() -> str:
        nonlocal waiting
        waiting += 1
        return await flights.run("q", fail)

    async def all_ask() -> list[object]:
        failed = await asyncio.gather(*(ask() for _ in range(3)), return_exceptions=True)
        return [*failed, await flights.run("q", good)]

    async def good() -> str:
        return "fine"

    waiting = 0
    *failed, later = asyncio.run(all_ask())
    assert [type(error) for error in failed] == [ProviderError] * 3 and len(tried) == 1
    assert later == "fine" and len(flights) == 0


def test_a_cancelled_leader_hands_over_to_one_that_waits() -> None:
    flights, began, go_on = SingleFlight(), [], asyncio.Event()

    async def make() -> str:
        began.append(1)
        if len(began) == 1:
            await asyncio.Event().wait()
        await go_on.wait()
        return "answer"

    async def work() -> list[str]:
        leader = asyncio.create_task(flights.run("q", make))
        await until(lambda: began)
        waiting = [asyncio.create_task(flights.run("q", make)) for _ in range(3)]
        await asyncio.sleep(0)
        leader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        await until(lambda: len(began) == 2)
        await asyncio.sleep(0)
        go_on.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(work()) == ["answer"] * 3
    assert len(began) == 2 and len(flights) == 0


def test_one_that_waits_may_leave_without_stopping_the_leader() -> None:
    flights = SingleFlight()

    async def work() -> str:
        go_on = asyncio.Event()

        async def make() -> str:
            await go_on.wait()
            return "answer"

        leader = asyncio.create_task(flights.run("q", make))
        await asyncio.sleep(0)
        leaving = asyncio.create_task(flights.run("q", make))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        go_on.set()
        return await leader

    assert asyncio.run(work()) == "answer" and len(flights) == 0


def test_threads_and_loops_join_each_other() -> None:
    flights, made, go_on = SingleFlight(), [], threading.Event()

    def make() -> str:
        made.append(1)
        go_on.wait(20)
        return "answer"

    async def make_async() -> str:
        made.append(1)
        return "answer"

    with ThreadPoolExecutor(6) as pool:
        leader = pool.submit(flights.run_sync, "q", make)
        while not made:
            pass
        threads = [pool.submit(flights.run_sync, "q", make) for _ in range(3)]
        loop = pool.submit(asyncio.run, flights.run("q", make_async))
        flight = flights._flights["q"]
        while len(flight._done_callbacks) < 1 or any(not thread.running() for thread in threads):
            pass
        go_on.set()
        assert {job.result(20) for job in (leader, loop, *threads)} == {"answer"}
    assert len(flights) == 0 and len(made) < 5
