"""Ctrl-C while the database works on a statement."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, signal, threading
from engine.store import open_store

signal.signal(signal.SIGINT, signal.default_int_handler)
with open_store() as store:
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        store.query("SELECT sum(a.range * b.range) AS n FROM range(300000) a, range(300000) b")
    except KeyboardInterrupt:
        print("interrupted", store.query("SELECT 1 AS n"))
"""


def test_ctrl_c_in_the_middle_of_a_statement_stays_one_and_the_store_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PHASEGATE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.strip() == "interrupted [{'n': 1}]", done.stderr
