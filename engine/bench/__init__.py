"""Benchmarks that anyone can run: ``python -m engine bench NAME``. They work in a folder of their own."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.errors import UnknownNameError
from engine.operations.machine import describe_machine

__all__ = ["BENCHES", "OPTIONS", "describe_machine", "run_bench", "scratch_home"]

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
    "sessions": "sessions",
    "groundedness": "groundedness",
    "content-types": "content_types",
    "abstention": "abstention",
    "tuning": "tuning",
    "latency": "latency",
    "cache": "cache",
    "streaming": "streaming",
    "prompts": "prompts",
    "pipeline": "pipeline",
    "cost": "cost",
    "judge": "judge",
    "dashboard": "dashboard",
    "measures": "measures",
    "live": "live",
    "serving": "serving",
    "load": "load",
    "pii": "pii",
    "injection": "injection",
    "failover": "failover",
}
OPTIONS = {
    "dashboard": ("cases", "screens"),
    "measures": ("cases",),
    "live": ("rows",),
    "injection": ("refit",),
    "load": ("minutes", "requests"),
}
"""What ``--set`` takes for a benchmark beside settings of the pipeline."""


def run_bench(name: str, data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Measure in a fresh ``PHASEGATE_HOME`` that is removed afterwards.

    Returns:
        ``name``, ``machine``, ``commit``, ``data`` (the folder's name or empty), ``settings`` (those given), ``stand_in``
        (a scripted server stood for a model), ``seconds`` and ``figures`` by name.

    Raises:
        UnknownNameError: no such benchmark.
    """
    if name not in BENCHES:
        raise UnknownNameError("benchmark", name, BENCHES)
    from engine.run_preparation import find_commit

    started = time.perf_counter()
    with scratch_home():
        figures = dict(import_module(f"engine.bench.{BENCHES[name]}").measure(data, overrides))
    return {
        "name": name,
        "machine": describe_machine(),
        "commit": find_commit(),
        "data": data.name if data else "",
        "settings": dict(overrides),
        "stand_in": bool(figures.pop("stand_in", False)),
        "seconds": round(time.perf_counter() - started, 3),
        "figures": figures,
    }


@contextmanager
def scratch_home(name: str = "") -> Iterator[Path]:
    """A fresh folder for the block, removed after it; it, or what ``name`` is in it, is ``PHASEGATE_HOME`` meanwhile."""
    before = os.environ.get("PHASEGATE_HOME")
    with tempfile.TemporaryDirectory(prefix="phasegate-bench-", ignore_cleanup_errors=True) as folder:
        os.environ["PHASEGATE_HOME"] = str(Path(folder) / name)
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["PHASEGATE_HOME"]
            else:
                os.environ["PHASEGATE_HOME"] = before
