from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from engine.errors import DiskFullError
from engine.store.failures import StatementError
from engine.store.journal import BatchWriter


class Target:
    """Remembers batches; fails as told."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.full = False
        self.gate = threading.Event()
        self.gate.set()

    def write(self, batch: Sequence[int]) -> None:
        self.gate.wait()
        if self.full:
            raise DiskFullError("no space")
        if -1 in batch:
            raise StatementError("refused")
        self.batches.append(list(batch))

    @property
    def items(self) -> list[int]:
        return [item for batch in self.batches for item in batch]


def test_the_first_item_is_written_at_once_and_the_rest_in_batches() -> None:
    target = Target()
    writer = BatchWriter(target.write, max_delay=60)
    writer.put(0)
    while not target.batches:
        time.sleep(0)
    for n in range(1, 100):
        writer.put(n)
    assert target.batches == [[0]]
    writer.flush()
    assert target.batches == [[0], list(range(1, 100))]
    writer.close()


def test_flush_waits_for_a_write_under_way() -> None:
    target = Target()
    target.gate.clear()
    writer = BatchWriter(target.write)
    writer.put(1)
    threading.Timer(0.05, target.gate.set).start()
    writer.flush()
    assert target.items == [1]
    writer.close()


def test_items_survive_a_full_disk_and_the_error_surfaces() -> None:
    target = Target()
    target.full = True
    writer = BatchWriter(target.write)
    writer.put(1)
    with pytest.raises(DiskFullError):
        writer.flush()
    target.full = False
    writer.put(2)
    writer.flush()
    assert target.items == [1, 2]
    writer.close()


def test_a_refused_item_is_given_up_alone() -> None:
    target = Target()
    target.gate.clear()
    writer = BatchWriter(target.write)
    for n in [*range(5), -1, *range(5, 9)]:
        writer.put(n)
    target.gate.set()
    with pytest.raises(StatementError):
        writer.flush()
    writer.close()
    assert target.items == list(range(9))


def test_close_ends_the_thread_and_a_later_put_begins_again() -> None:
    target = Target()
    writer = BatchWriter(target.write)
    writer.put(1)
    writer.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "store-journal"]
    writer.put(2)
    writer.close()
    assert target.items == [1, 2]


def test_flush_and_close_of_an_unused_writer_do_nothing() -> None:
    writer = BatchWriter(Target().write)
    writer.flush()
    writer.close()
