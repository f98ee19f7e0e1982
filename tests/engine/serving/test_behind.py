"""Work behind the reply: in order, waited for by those who look for it, and its failure told."""

from __future__ import annotations

import contextvars
import threading

from engine.serving.behind import Behind

asker = contextvars.ContextVar("asker", default="nobody")


def test_things_are_done_in_order_and_in_the_context_of_the_caller() -> None:
    behind, done, begin = Behind("test"), [], threading.Event()
    behind.do(begin.wait, 10)
    for number in range(5):
        asker.set(f"asker {number}")
        behind.do(lambda number=number: done.append((number, asker.get())))
    assert done == []
    begin.set()
    behind.wait()
    assert done == [(number, f"asker {number}") for number in range(5)]


def test_what_waits_is_done_when_it_is_closed_and_nothing_after() -> None:
    behind, done = Behind("test"), []
    behind.do(done.append, 1)
    behind.close()
    behind.do(done.append, 2)
    assert done == [1] and behind.closed


def test_a_failure_is_told_and_stops_nothing() -> None:
    behind, done = Behind("test"), []
    behind.do([].remove, "nothing")
    behind.do(done.append, 1)
    behind.wait()
    assert done == [1] and behind.failure.startswith("ValueError")
