"""A real store in a temporary folder, and runs put into it as the runner would."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import Store, open_store
from tests.engine.roadmap.seeded import AddRun, insert_run


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def add_run(store: Store) -> AddRun:
    """``add_run("r1", "stories", [case(...), ...])`` records a finished and complete run, unless told otherwise."""
    return functools.partial(insert_run, store, itertools.count())
