"""A sign of life from a thread, while work goes on that cannot give one itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beat_while(beat: Callable[[], None], seconds: float, name: str) -> Iterator[None]:
    """Calls ``beat`` every ``seconds`` while the block runs."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(seconds):
            beat()

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
