"""One event loop for the whole process, in a thread of its own: connections to providers live on it and are shared.

A synchronous caller waits for it (:func:`run_async`, :func:`iterate`); one that runs on another loop awaits what it does
(:func:`on_loop`). The context of the caller (recorder, trace) goes along.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_LOCK = threading.Lock()
_LOOP: asyncio.AbstractEventLoop | None = None
_LEAVING_S = 2.0
_END = object()


def get_loop() -> asyncio.AbstractEventLoop:
    """The process's loop; started when it is first asked for."""
    global _LOOP
    with _LOCK:
        if _LOOP is None or _LOOP.is_closed():
            _LOOP = asyncio.new_event_loop()
            threading.Thread(target=_LOOP.run_forever, name="providers", daemon=True).start()
            atexit.register(_stop, _LOOP)
        return _LOOP


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Begin ``work`` on the loop; cancelling what is returned cancels it there."""
    return asyncio.run_coroutine_threadsafe(work, get_loop())


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Wait for ``work`` from a thread without a loop. An interrupt (Ctrl-C) cancels it.

    Raises:
        RuntimeError: called on the loop itself, which would wait for itself without end.
    """
    if is_on_loop():
        work.close()
        raise RuntimeError("run_async was called on the loop itself; await instead.")
    tasks: list[asyncio.Task[Any]] = []

    async def run() -> T:
        if (task := asyncio.current_task()) is not None:
            tasks.append(task)
        return await work

    try:
        return submit(run()).result()
    except BaseException:  # an interrupt may come at any point after the work has begun
        get_loop().call_soon_threadsafe(_cancel, tasks)
        raise


def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()


async def on_loop(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` where it belongs, from whatever loop; cancelling the caller cancels it."""
    return await work if is_on_loop() else await asyncio.wrap_future(submit(work))


def is_on_loop() -> bool:
    """Whether the caller runs on the process's loop."""
    try:
        return asyncio.get_running_loop() is _LOOP
    except RuntimeError:
        return False


def iterate(items: AsyncIterator[T]) -> Iterator[T]:
    """The items in a thread without a loop. One task reads all of them; closing the iterator cancels it and waits for that."""
    queue: SimpleQueue[Any] = SimpleQueue()
    loop = get_loop()
    task = submit(_begin(items, queue)).result()
    try:
        while (item := queue.get()) is not _END:
            yield item
        task.result()
    finally:
        if not task.done():
            loop.call_soon_threadsafe(task.cancel)
            while queue.get() is not _END:
                pass


async def _begin(items: AsyncIterator[T], queue: SimpleQueue[Any]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(_pump(items, queue))
    task.add_done_callback(lambda _: queue.put(_END))  # a task that is cancelled before it begins ends here too
    return task


async def _pump(items: AsyncIterator[T], queue: SimpleQueue[Any]) -> None:
    try:
        async for item in items:
            queue.put(item)
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    """At the end of the process: tasks are cancelled, so that nothing complains of being destroyed in the middle."""

    async def cancel_all() -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_LEAVING_S) if tasks else None

    with contextlib.suppress(Exception):  # the process is going: nobody is left to be told
        asyncio.run_coroutine_threadsafe(cancel_all(), loop).result(_LEAVING_S)
    loop.call_soon_threadsafe(loop.stop)
