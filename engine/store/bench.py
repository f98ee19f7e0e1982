"""What the store costs: ``python -m engine bench store``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine.settings import ROOT
from engine.store.liveness import utc_now
from engine.store.runs import RunStore
from engine.store.store import Store, open_store

_ROWS = 20_000
_CASES = 1_000
_OWN = """
import pathlib, sys
from engine.store import open_store
with open_store(pathlib.Path(sys.argv[1])):
    print("serving", flush=True)
    sys.stdin.read()
"""


def bench_store(repeats: int = 200) -> dict[str, float]:
    """Measure a store in a temporary folder, as its owner and as a client of a second process.

    Returns:
        Milliseconds (``_ms``, medians, ``p95`` where it says so) and rows per second by name.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        figures = {"create_ms": _milliseconds(lambda: open_store(home).close())}
        began = time.perf_counter()
        with open_store(home) as store:
            figures["open_owner_ms"] = (time.perf_counter() - began) * 1e3
            figures |= _measure_statements(store, "owner", repeats)
            figures |= _measure_bulk(store, "owner")
            figures |= _measure_journal(store)
        figures |= _measure_client(home, repeats)
    return {name: round(value, 3) for name, value in figures.items()}


def _measure_statements(store: Store, role: str, repeats: int) -> dict[str, float]:
    inserts, selects = [], []
    for number in range(repeats):
        row = {"name": f"{role}-{number}", "value": {"n": number}, "updated_at": utc_now()}
        inserts.append(_milliseconds(lambda row=row: store.insert("preferences", [row])))
        selects.append(_milliseconds(lambda: store.query("SELECT count(*), max(updated_at) FROM preferences")))
    return {
        f"insert_{role}_ms": statistics.median(inserts),
        f"insert_{role}_p95_ms": statistics.quantiles(inserts, n=20)[-1],
        f"select_{role}_ms": statistics.median(selects),
    }


def _measure_bulk(store: Store, role: str) -> dict[str, float]:
    rows = [
        {
            "corpus": role, "document": f"folder/{number}.md", "title": f"Document {number}", "source": f"/{number}.md",
            "content_type": "markdown", "content_hash": "0" * 64, "characters": number, "chunks": 3,
        }
        for number in range(_ROWS)
    ]  # fmt: skip
    return {f"bulk_{role}_rows_per_s": _ROWS / _milliseconds(lambda: store.insert("documents", rows)) * 1e3}


def _measure_journal(store: Store) -> dict[str, float]:
    """A thousand cases with eight scores and 4 kB of detail each, recorded as fast as they come."""
    detail = {"contexts": [{"document": "a.md", "start": 0, "end": 800, "text": "x" * 800, "score": 0.5}] * 5}
    scores = [{"measure": f"measure{n}", "status": "scored", "value": n / 8} for n in range(8)]
    case = {
        "kind": "qa", "status": "passed", "question": "q" * 80, "answer": "a" * 200, "abstained": False,
        "context_quality": 0.9, "latency_ms": 5.0, "tags": ["t"], "checks": {"correct": True}, "detail": detail,
    }  # fmt: skip

    def record() -> None:
        with RunStore(store) as runs:
            for number in range(_CASES):
                runs.record_case("bench", {**case, "case_id": f"c{number}", "position": number}, scores)

    return {"record_case_ms": _milliseconds(record) / _CASES}


def _measure_client(home: Path, repeats: int) -> dict[str, float]:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWN, str(home)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert owner.stdout is not None
        owner.stdout.readline()
        began = time.perf_counter()
        with open_store(home) as store:
            figures = {"open_client_ms": (time.perf_counter() - began) * 1e3}
            figures |= _measure_statements(store, "client", repeats)
            figures |= _measure_bulk(store, "client")
            owner.kill()
            owner.wait()
            figures["first_statement_after_kill_ms"] = _milliseconds(lambda: store.query("SELECT 1 AS one"))
    finally:
        owner.kill()
        owner.communicate()
    return figures


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3
