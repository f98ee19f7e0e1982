"""A load generator that is no bottleneck: HTTP/1.1 over kept connections, straight on asyncio's streams.

A request costs it some 0.15 ms of one core, a tenth of what a general client takes, so that two cores are enough for it and
for what it measures; the benchmark still reports how much of the machine it took.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

TIMEOUT_S = 120.0
KEPT_S = 2.0
"""The server closes a connection that was idle for five seconds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. ``begun`` and ``ended`` are seconds on one clock; ``status`` 0 is a broken connection.

    In an open loop ``begun`` is when the request was due, whenever it was sent: else a stall of the server would hide
    the waits that it caused.
    """

    begun: float
    ended: float
    status: int

    @property
    def ms(self) -> float:
        """Milliseconds that it took."""
        return 1000 * (self.ended - self.begun)


class LoadGenerator:
    """Posts bodies to one address.

    Args:
        make_body: the number of a request to its body.
    """

    def __init__(self, port: int, path: str, make_body: Callable[[int], Mapping[str, Any]]) -> None:
        self._port, self._path, self._make_body = port, path, make_body
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._sent = 0

    async def run_closed(
        self, in_flight: int, *, count: int = 0, seconds: float = 0.0, pause_s: float = 0.0
    ) -> list[Sample]:
        """So many askers, each asking again ``pause_s`` after it was answered: ``count`` requests, or as many as fit."""
        samples: list[Sample] = []
        until, left = time.perf_counter() + (seconds or 1e9), [count or 10**9]

        async def ask_on() -> None:
            while left[0] > 0 and time.perf_counter() < until:
                left[0] -= 1
                samples.append(await self._post(time.perf_counter()))
                await asyncio.sleep(pause_s)

        await asyncio.gather(*(ask_on() for _ in range(in_flight)))
        await self.close()
        return samples

    async def run_open(self, rate: float, seconds: float, seed: int = 0) -> list[Sample]:
        """Requests that come by chance (Poisson), ``rate`` a second, whether or not earlier ones were answered."""
        chance, samples, tasks = np.random.default_rng(seed), [], set()
        started = due = time.perf_counter()

        async def ask(at: float) -> None:
            samples.append(await self._post(at))

        while (due := due + float(chance.exponential(1 / rate))) < started + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(ask(due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        await self.close()
        return sorted(samples, key=lambda sample: sample.begun)

    async def close(self) -> None:
        """Close the kept connections."""
        while self._idle:
            self._idle.pop()[2].close()

    async def _post(self, begun: float) -> Sample:
        self._sent += 1
        body = json.dumps(self._make_body(self._sent)).encode()
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        status = 0
        try:
            async with asyncio.timeout(TIMEOUT_S):
                reader, writer = self._take_idle() or await asyncio.open_connection("127.0.0.1", self._port)
                writer.write(head.encode() + body)
                status, reusable = await _read_reply(reader)
            if reusable:
                self._idle.append((time.perf_counter(), reader, writer))
            else:
                writer.close()
        except (OSError, EOFError, TimeoutError, ValueError):
            status = 0
        return Sample(begun, time.perf_counter(), status)

    def _take_idle(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The connection used last; older ones are closed before the server closes them, in the middle of a request."""
        while self._idle:
            since, reader, writer = self._idle.pop()
            if time.perf_counter() - since < KEPT_S:
                return reader, writer
            writer.close()
        return None


async def _read_reply(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Status, and whether the connection can be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    words = head[0].split(" ")
    if len(words) < 2 or not words[1].isdigit():
        raise ValueError("no status line")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    if "content-length" not in headers:
        return int(words[1]), False
    await reader.readexactly(int(headers["content-length"]))
    return int(words[1]), headers.get("connection", "") != "close"
