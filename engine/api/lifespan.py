"""What goes on beside the screens while the app serves: corpora are watched, and work left in the queue is taken up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from engine.operations.queue_worker import ensure_worker
from engine.store import open_store
from engine.views.settings import load_function


@asynccontextmanager
async def watch_corpora(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Starts the watcher where this version has one, and stops it when the app ends; takes up what was queued."""
    with open_store() as store:
        ensure_worker(store)
    build = load_function("engine.operations.watching", "CorpusWatcher")
    watcher = build() if build else None
    if watcher is not None:
        watcher.start()
    try:
        yield {}
    finally:
        if watcher is not None and hasattr(watcher, "stop"):
            watcher.stop()
