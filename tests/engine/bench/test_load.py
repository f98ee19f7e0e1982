from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from engine.bench.http_load import LoadGenerator
from engine.bench.load import describe_memory
from engine.bench.served_app import Moment

Handle = Callable[[int], Awaitable[bytes]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Server:
    """Answers each request as it is told, and notes how many were there at once."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self.requests = self.connections = self.most = self._now = 0

    async def open(self) -> tuple[asyncio.Server, int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                self.requests += 1
                self._now += 1
                self.most = max(self.most, self._now)
                reply = await self._handle(self.requests)
                self._now -= 1
                if not reply:
                    break
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def play(handle: Handle, work: Callable[[LoadGenerator], Awaitable[list]]) -> tuple[list, Server]:
    async def run() -> tuple[list, Server]:
        answering = Server(handle)
        server, port = await answering.open()
        async with server:
            return await work(LoadGenerator(port, "/", lambda n: {"n": n})), answering

    return asyncio.run(run())


async def answer(_: int) -> bytes:
    await asyncio.sleep(0.001)
    return OK


def test_a_closed_loop_keeps_so_many_in_flight_and_its_connections() -> None:
    samples, server = play(answer, lambda g: g.run_closed(8, count=200))
    assert [s.status for s in samples] == [200] * 200
    assert (server.requests, server.most, server.connections) == (200, 8, 8)


def test_an_open_loop_sends_on_whether_or_not_it_is_answered_and_counts_the_wait() -> None:
    gate: list[asyncio.Event] = []

    async def stall(number: int) -> bytes:
        if not gate:
            gate.append(asyncio.Event())
            asyncio.get_running_loop().call_later(0.25, gate[0].set)
        await gate[0].wait()
        return OK

    samples, server = play(stall, lambda g: g.run_open(200.0, 0.5))
    assert 60 < len(samples) < 150 and server.most > 10
    assert samples[0].ms > 200 and [s.begun for s in samples] == sorted(s.begun for s in samples)


def test_refusals_and_broken_connections_are_told_from_answers() -> None:
    async def mixed(number: int) -> bytes:
        return (OK, BUSY, b"", b"nonsense\r\n\r\n")[number % 4]

    samples, _ = play(mixed, lambda g: g.run_closed(1, count=40))
    assert sorted({s.status for s in samples}) == [0, 200, 503]
    assert sum(s.status == 200 for s in samples) == 10 and sum(s.status == 503 for s in samples) == 10


def make_moments(growth_mb_per_10_min: float, noise: float = 1.0) -> list[Moment]:
    chance = np.random.default_rng(0)
    return [
        Moment(i * 0.5, 0.0, 500.0 + growth_mb_per_10_min * i * 0.5 / 600 + chance.normal(0, noise), 9)
        for i in range(1200)
    ]


@pytest.mark.parametrize(("growth", "flat"), [(0.0, True), (5.0, True), (100.0, False)])
def test_the_slope_of_memory_is_found_with_its_interval(growth: float, flat: bool) -> None:
    found = describe_memory(make_moments(growth))
    slope = found["growth_mb_per_10_min"]
    assert slope["low"] <= growth <= slope["high"] and slope["high"] - slope["low"] < 2
    assert found["flat"] is flat


def test_too_short_a_look_says_nothing_of_the_slope() -> None:
    assert describe_memory(make_moments(0.0)[:6])["status"] == "no data"


def test_a_generator_gives_up_on_a_server_that_is_not_there() -> None:
    started = time.monotonic()
    samples = asyncio.run(LoadGenerator(1, "/", lambda n: {}).run_closed(2, count=6))
    assert {s.status for s in samples} == {0} and time.monotonic() - started < 60
