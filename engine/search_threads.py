"""Threads for search and extraction, as many as there are cores: more at once only make each other slower."""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_POOL = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="search")


async def search_in_thread(remote: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await ``work`` in a thread; the context of the caller (recorder, trace) goes along. The first to come is the first served.

    Args:
        remote: it waits for another machine, and so takes a thread that no other search waits for.
    """
    if remote:
        return await asyncio.to_thread(work, *args, **kwargs)
    run = partial(contextvars.copy_context().run, work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_POOL, run)
