"""Searches wait for each other, not for another machine; what the caller's context holds goes along."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
import time

from engine.search_threads import ask_in_thread, search_in_thread

MOST = max(1, (os.cpu_count() or 1) // 2)
asker = contextvars.ContextVar("asker", default="nobody")


class Searching:
    """How many are at work at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now = self.most = 0

    def search(self) -> str:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.05)
        with self._lock:
            self.now -= 1
        return asker.get()


async def search_at_once(searching: Searching, count: int, *, remote: bool) -> list[str]:
    async def one(number: int) -> str:
        asker.set(f"asker {number}")
        return await search_in_thread(remote, searching.search)

    return await asyncio.gather(*(asyncio.create_task(one(number)) for number in range(count)))


def test_searches_of_this_machine_wait_for_each_other_and_keep_their_asker() -> None:
    searching = Searching()
    assert asyncio.run(search_at_once(searching, MOST + 2, remote=False)) == [f"asker {i}" for i in range(MOST + 2)]
    assert searching.most <= MOST


def test_a_search_that_waits_for_another_machine_keeps_nobody_waiting() -> None:
    searching = Searching()
    asyncio.run(search_at_once(searching, MOST + 2, remote=True))
    assert searching.most > MOST


def test_a_question_is_embedded_while_another_is_searched_for() -> None:
    searched = threading.Event()

    async def both() -> bool:
        searches = [asyncio.create_task(search_in_thread(False, searched.wait, 10)) for _ in range(MOST)]
        await asyncio.wait_for(ask_in_thread(searched.set), 10)
        return all(await asyncio.gather(*searches))

    assert asyncio.run(both())
