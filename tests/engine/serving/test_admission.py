from __future__ import annotations

import asyncio
import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import LimitError
from engine.serving.admission import Admission


async def until(condition: object) -> None:
    async with asyncio.timeout(20):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0)


def hold(gate: Admission, order: list[int], number: int, release: asyncio.Event) -> asyncio.Task[None]:
    async def work() -> None:
        async with gate.slot():
            order.append(number)
            await release.wait()

    return asyncio.create_task(work())


def test_no_more_than_the_slots_work_at_once_and_the_queue_is_served_in_order() -> None:
    async def play() -> None:
        gate, order, release = Admission(concurrency=2, queue=10), [], asyncio.Event()
        tasks = []
        for number in range(6):
            tasks.append(hold(gate, order, number, release))
            await until(lambda n=number: gate.describe().active + gate.describe().waiting == n + 1)
        assert order == [0, 1]
        assert (gate.describe().active, gate.describe().waiting) == (2, 4)
        release.set()
        await asyncio.gather(*tasks)
        assert order == list(range(6))
        assert (gate.describe().active, gate.describe().waiting, gate.describe().admitted) == (0, 0, 6)

    asyncio.run(play())


def test_beyond_the_queue_one_is_told_when_to_come_again() -> None:
    now = [0.0]

    async def play() -> None:
        gate, release = Admission(concurrency=2, queue=3, clock=lambda: now[0]), asyncio.Event()
        async with gate.slot():
            now[0] += 4.0
        tasks = [hold(gate, [], n, release) for n in range(5)]
        await until(lambda: gate.describe().waiting == 3)
        with pytest.raises(LimitError, match="Busy: .*2 at work, 3 waiting.*retry after 8 s") as refused:
            async with gate.slot():
                pass
        assert refused.value.retry_after_s == 8  # (3 waiting + 1) * 4 s / 2 slots
        assert gate.describe().refused == 1
        release.set()
        await asyncio.gather(*tasks)

    asyncio.run(play())


def test_a_wait_that_is_too_long_ends_with_a_refusal_and_leaves_the_queue() -> None:
    async def play() -> None:
        gate, release = Admission(concurrency=1, queue=5, wait_s=0.01), asyncio.Event()
        holder = hold(gate, [], 0, release)
        await until(lambda: gate.describe().active == 1)
        with pytest.raises(LimitError, match="within 0.01 s"):
            async with gate.slot():
                pass
        with pytest.raises(LimitError), gate.slot():
            pass
        assert (gate.describe().waiting, gate.describe().refused) == (0, 2)
        release.set()
        await holder
        assert gate.describe().active == 0

    asyncio.run(play())


def test_a_thread_and_a_coroutine_stand_in_one_line() -> None:
    async def play() -> None:
        gate, order, release = Admission(concurrency=1), [], asyncio.Event()

        def enter() -> None:
            with gate.slot():
                order.append("thread")

        holder = hold(gate, [], 0, release)
        await until(lambda: gate.describe().active == 1)
        thread = threading.Thread(target=enter)
        thread.start()
        await until(lambda: gate.describe().waiting == 1)

        async def follow() -> None:
            async with gate.slot():
                order.append("coroutine")

        last = asyncio.create_task(follow())
        await until(lambda: gate.describe().waiting == 2)
        release.set()
        await asyncio.gather(holder, last)
        thread.join(20)
        assert order == ["thread", "coroutine"] and gate.describe().active == 0

    asyncio.run(play())


def test_a_waiter_whose_loop_is_gone_keeps_no_slot() -> None:
    gate = Admission(concurrency=1)
    loop = asyncio.new_event_loop()
    with gate.slot():
        task = loop.create_task(gate.slot().__aenter__())
        loop.run_until_complete(asyncio.sleep(0))
        assert gate.describe().waiting == 1
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        loop.close()
    assert (gate.describe().active, gate.describe().waiting) == (0, 0)
    with gate.slot():
        assert gate.describe().active == 1
    task.get_coro().close()


@given(
    slots=st.integers(1, 4),
    queue=st.integers(0, 6),
    steps=st.lists(st.tuples(st.sampled_from(["ask", "finish", "cancel", "tick"]), st.integers(0, 20)), max_size=60),
)
def test_whatever_happens_no_slot_is_lost_and_none_is_used_twice(
    slots: int, queue: int, steps: list[tuple[str, int]]
) -> None:
    async def play() -> None:
        gate = Admission(concurrency=slots, queue=queue)
        inside = [0]
        tasks: list[tuple[asyncio.Task[None], asyncio.Event]] = []

        async def work(release: asyncio.Event) -> None:
            async with gate.slot():
                inside[0] += 1
                assert inside[0] <= slots
                try:
                    await release.wait()
                finally:
                    inside[0] -= 1

        for step, which in steps:
            if step == "ask":
                release = asyncio.Event()
                tasks.append((asyncio.create_task(work(release)), release))
            elif step == "tick":
                await asyncio.sleep(0)
            elif tasks:
                task, release = tasks[which % len(tasks)]
                release.set() if step == "finish" else task.cancel()
            assert gate.describe().active <= slots and gate.describe().waiting <= queue
        for _, release in tasks:
            release.set()
        results = await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
        assert all(r is None or isinstance(r, LimitError | asyncio.CancelledError) for r in results)
        assert (gate.describe().active, gate.describe().waiting) == (0, 0)
        async with asyncio.timeout(20), gate.slot():
            pass

    asyncio.run(play())


def test_threads_and_several_loops_at_once_lose_no_slot() -> None:
    gate, inside, most = Admission(concurrency=3, queue=1000), [0], [0]
    lock = threading.Lock()

    def count(change: int) -> None:
        with lock:
            inside[0] += change
            most[0] = max(most[0], inside[0])

    def from_threads() -> None:
        for _ in range(150):
            with gate.slot():
                count(1)
                count(-1)

    async def one(chance: random.Random) -> None:
        async with gate.slot():
            count(1)
            try:
                await asyncio.sleep(0)
            finally:
                count(-1)

    async def many(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(30):
            tasks = [asyncio.create_task(one(chance)) for _ in range(10)]
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            for task in chance.sample(tasks, 4):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    threads = [threading.Thread(target=from_threads) for _ in range(3)]
    threads += [threading.Thread(target=lambda seed=seed: asyncio.run(many(seed))) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most[0] <= 3 and inside[0] == 0
    assert (gate.describe().active, gate.describe().waiting) == (0, 0)
