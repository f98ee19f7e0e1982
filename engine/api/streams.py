"""Answers that somebody may stop waiting for: work ends when its client goes, and streams as server-sent events.

A stream is read by one task from begin to end (its context variables belong to that task) into a queue that does not
hold it up, so that a client who reads slowly holds no slot of the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from engine.api.replies import ApiError, describe_error, encode_json
from engine.errors import PhasegateError
from engine.types import Answer, Restarted

Value = TypeVar("Value")
KEEP_ALIVE_S = 15.0
"""Silence after which a comment is sent, so that proxies do not cut the connection."""


class ClientGoneError(Exception):
    """The client closed the connection; nobody waits for a reply."""


async def finish_unless_gone(work: Coroutine[Any, Any, Value], receive: Receive) -> Value:
    """What the work gives; it is cancelled when the client goes.

    Raises:
        ClientGoneError: the client went, and the work has ended.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_await_disconnect(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGoneError
        return task.result()
    finally:
        await _end(task, gone)


class Feed:
    """Reads a stream of an answer in a task of its own; ``take`` gives its items in order, then None."""

    def __init__(self, stream: AsyncIterator[str | Restarted | Answer]) -> None:
        self._queue: asyncio.Queue[str | Restarted | Answer | Exception | None] = asyncio.Queue()
        self._task = asyncio.ensure_future(self._read(stream))

    async def take(self) -> str | Restarted | Answer | None:
        """The next item; None at the end. Raises what the stream raised."""
        item = await self._queue.get()
        if isinstance(item, Exception):
            raise item
        return item

    async def close(self) -> None:
        """Stop reading; the stream is closed when this returns."""
        await _end(self._task)

    async def _read(self, stream: AsyncIterator[str | Restarted | Answer]) -> None:
        try:
            async with aclosing(stream) as items:  # type: ignore[type-var]
                async for item in items:
                    self._queue.put_nowait(item)
        except Exception as error:  # the top of the task: it goes on to whoever takes the items
            self._queue.put_nowait(error)
        else:
            self._queue.put_nowait(None)


class EventStream(Response):
    """The items of a feed as server-sent events: delta, restart, answer; error when it breaks. Closes the feed."""

    media_type = "text/event-stream"

    def __init__(self, first: str | Restarted | Answer | None, feed: Feed, correlation_id: str) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._first, self._feed, self._correlation_id = first, feed, correlation_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the stream ends or the client goes."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with suppress(ClientGoneError):
            try:
                await finish_unless_gone(self._send_all(send), receive)
            finally:
                await self._feed.close()

    async def _send_all(self, send: Send) -> None:
        item = self._first
        try:
            while item is not None:
                await _send_piece(send, format_event(*describe_item(item)))
                item = await self._take(send)
        except PhasegateError as error:
            status, body, _ = describe_error(error, self._correlation_id)
            await _send_piece(send, format_event("error", {"status": status, **body}))
        except Exception:  # the top of a reply that has begun: its status can no longer say that it failed
            fault = ApiError(500, "The server failed in the middle of the answer.")
            status, body, _ = describe_error(fault, self._correlation_id)
            await _send_piece(send, format_event("error", {"status": status, **body}))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _take(self, send: Send) -> str | Restarted | Answer | None:
        waiting = asyncio.ensure_future(self._feed.take())
        try:
            while not (await asyncio.wait({waiting}, timeout=KEEP_ALIVE_S))[0]:
                await _send_piece(send, b": still at work\n\n")
            return waiting.result()
        finally:
            waiting.cancel()


def describe_item(item: str | Restarted | Answer) -> tuple[str, Mapping[str, Any]]:
    """Name and data of an item's event."""
    if isinstance(item, str):
        return "delta", {"text": item}
    if isinstance(item, Restarted):
        return "restart", {"reason": item.reason}
    return "answer", item.as_json()


def format_event(name: str, data: Mapping[str, Any]) -> bytes:
    """One event; JSON has no line breaks of its own, so the data is one line."""
    return b"event: " + name.encode() + b"\ndata: " + encode_json(data) + b"\n\n"


async def _send_piece(send: Send, piece: bytes) -> None:
    await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _await_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what has not ended and wait until it has."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
