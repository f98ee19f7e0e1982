"""Threads for search and extraction, one for two cores.

What is made of the index's rankings is Python for most of its time, and the interpreter runs one thread of it at a time; the
index and the embedding model, which take the other core, are asked before. More searches at once answer no more questions,
and each of them later (docs/decisions/0031).
"""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_THREADS = max(1, (os.cpu_count() or 1) // 2)
_SEARCHING = ThreadPoolExecutor(_THREADS, thread_name_prefix="search")
_ASKING = ThreadPoolExecutor(min(8, 2 * (os.cpu_count() or 1)), thread_name_prefix="ask")


async def search_in_thread(remote: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await ``work`` in a thread; the context of the caller (recorder, trace) goes along.

    The first to come is the first served.

    Args:
        remote: it waits for another machine, and so takes a thread that no other search waits for.
    """
    if remote:
        return await asyncio.to_thread(work, *args, **kwargs)
    return await _run(_SEARCHING, partial(work, *args, **kwargs))


async def ask_in_thread(work: Callable[[], T]) -> T:
    """Await what the embedding model and the index say of a question, in a thread beside the searches: both run outside of
    the interpreter."""
    return await _run(_ASKING, work)


def begin_embedding(work: Callable[[], T]) -> Future[T]:
    """Begin to embed a question there, for a caller that is itself a thread."""
    return _ASKING.submit(contextvars.copy_context().run, work)


async def _run(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, contextvars.copy_context().run, work)
