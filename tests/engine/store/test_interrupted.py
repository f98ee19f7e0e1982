"""Ctrl-C while the database works on a statement."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# DuckDB looks for a signal between the tasks of a statement. Of one of these the main thread may take the last task
# itself, and then sees the signal at its end: hence brief statements, and several of them.
SCRIPT = """
import os, signal, threading, time
from engine.store import open_store

signal.signal(signal.SIGINT, signal.default_int_handler)
with open_store() as store:
    for _ in range(6):
        threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            store.query("SELECT sum(hash(range)) AS n FROM range(60000000)")
            time.sleep(60)
            print("not interrupted")
        except KeyboardInterrupt:
            print("interrupted", store.query("SELECT 1 AS n"))
"""


def test_ctrl_c_in_the_middle_of_a_statement_stays_one_and_the_store_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PHASEGATE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stdout.splitlines() == ["interrupted [{'n': 1}]"] * 6, done.stderr
