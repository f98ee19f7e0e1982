"""Benchmarks that anyone can run: ``python -m engine bench NAME``. They work in a folder of their own."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.errors import UnknownNameError

# Name to the module of this package that has ``measure(data, overrides) -> figures``.
BENCHES = {
    "embed": "embed",
    "ask": "ask",
    "ingest": "ingest",
    "store": "store",
    "run": "run",
    "start": "start",
    "quality": "quality",
    "chunking": "chunking",
    "retrieval": "retrieval",
    "multiturn": "multiturn",
    "groundedness": "groundedness",
    "content-types": "content_types",
    "abstention": "abstention",
    "tuning": "tuning",
}


def run_bench(name: str, data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Measure in a fresh ``PHASEGATE_HOME`` that is removed afterwards.

    Returns:
        ``name``, ``machine`` and ``figures`` by name.

    Raises:
        UnknownNameError: no such benchmark.
    """
    if name not in BENCHES:
        raise UnknownNameError("benchmark", name, BENCHES)
    before = os.environ.get("PHASEGATE_HOME")
    with tempfile.TemporaryDirectory(prefix="phasegate-bench-", ignore_cleanup_errors=True) as folder:
        os.environ["PHASEGATE_HOME"] = folder
        try:
            figures = import_module(f"engine.bench.{BENCHES[name]}").measure(data, overrides)
        finally:
            if before is None:
                del os.environ["PHASEGATE_HOME"]
            else:
                os.environ["PHASEGATE_HOME"] = before
    return {"name": name, "machine": describe_machine(), "figures": figures}


def describe_machine() -> str:
    """Processor, cores and Python in one line."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
