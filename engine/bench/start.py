"""Starting: the command line's help, and the dashboard until it answers, with its memory when idle."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

ROUNDS = 5
LONGEST_START_S = 60


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Seconds of ``--help`` (median) and of a start until the health route answers; MB of the idle app."""
    helps = [_seconds([sys.executable, "-m", "engine", "--help"]) for _ in range(ROUNDS)]
    bare = [_seconds([sys.executable, "-c", "pass"]) for _ in range(ROUNDS)]
    starts = [_start() for _ in range(ROUNDS - 1)][1:]
    return {
        "help_s": statistics.median(helps),
        "bare_interpreter_s": statistics.median(bare),
        "dashboard_ready_s": statistics.median(start for start, _ in starts),
        "idle_rss_mb": statistics.median(rss for _, rss in starts),
    }


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - started


def _start() -> tuple[float, float]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    command = [sys.executable, "-m", "engine", "serve", "--port", str(port)]
    app = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while not _answers(port):
            if time.perf_counter() - started > LONGEST_START_S:
                raise TimeoutError(f"the dashboard did not answer within {LONGEST_START_S} s")
            time.sleep(0.02)
        ready = time.perf_counter() - started
        time.sleep(3)
        return ready, psutil.Process(app.pid).memory_info().rss / 2**20
    finally:
        os.killpg(app.pid, signal.SIGTERM)
        app.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False
