"""What goes on beside the screens while the app serves: the folders of ingested corpora are watched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from engine.views.settings import load_function


@asynccontextmanager
async def watch_corpora(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Starts the watcher where this version has one, and stops it when the app ends."""
    build = load_function("engine.operations.watching", "CorpusWatcher")
    watcher = build() if build else None
    if watcher is not None:
        watcher.start()
    try:
        yield {}
    finally:
        if watcher is not None and hasattr(watcher, "stop"):
            watcher.stop()
