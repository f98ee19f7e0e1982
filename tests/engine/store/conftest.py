from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.store import Store, open_store

ROOT = Path(__file__).resolve().parents[3]
WORKER = Path(__file__).with_name("worker.py")
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(home) as opened:
        yield opened


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Starts workers; whatever still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def start_worker(
        task: str, name: str = "w", count: int = 0, env: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(WORKER), task, str(home), name, str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "1", **(env or {})},
        )  # fmt: skip
        running.append(process)
        return process

    yield start_worker
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(params=["owner", "client"])
def either(request: pytest.FixtureRequest, home: Path, start: Start) -> Iterator[Store]:
    """A store as its owner, and one as a client of another process."""
    if request.param == "client":
        assert start("read").stdout.readline().strip() == "owner"
    with open_store(home) as opened:
        assert opened.role == request.param
        yield opened
