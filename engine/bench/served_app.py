"""The app as ``serve`` starts it, as a process of its own, and what it takes of the machine meanwhile."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.errors import PhasegateError
from engine.settings import ROOT

READY_S = 120.0
EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Moment:
    """What the app took up to one moment: seconds of processor, megabytes resident, threads."""

    at: float
    cpu_s: float
    rss_mb: float
    threads: int


class Sampler:
    """Looks at a process twice a second while the block runs."""

    def __init__(self, pid: int) -> None:
        self.moments: list[Moment] = []
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="bench-sampler", daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self._look()
            if self._stop.wait(EVERY_S):
                self._look()
                return

    def _look(self) -> None:
        try:
            with self._process.oneshot():
                cpu, memory = self._process.cpu_times(), self._process.memory_info()
                threads = self._process.num_threads()
        except psutil.NoSuchProcess:  # it shows in the answers
            return
        self.moments.append(Moment(time.perf_counter(), cpu.user + cpu.system, memory.rss / 2**20, threads))


@contextmanager
def serve_app(environment: Mapping[str, str], log: Path) -> Iterator[tuple[int, int]]:
    """Serve ``PHASEGATE_HOME`` while the block runs; gives port and process id.

    Raises:
        PhasegateError: it did not answer within two minutes.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "engine", "serve", "--port", str(port)]
    variables = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=variables, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _await_live(port, process, log)
        yield port, process.pid
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_live(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health/live", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    said = log.read_text(encoding="utf-8", errors="replace")[-500:]
    raise PhasegateError(f"The app did not answer within {READY_S:.0f} s: {said}", "Try: python -m engine serve")
