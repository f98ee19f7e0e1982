"""What the harness adds to a case: 1,000 question-answering cases against an instant target, journaled in the store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.evaluation.harness_bench import bench_harness
from engine.evaluation.recording import StoreRecorder
from engine.store import RunStore, open_store


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Milliseconds a case, with the journal in memory and in the real store."""
    memory = bench_harness(1000)
    with open_store() as store, RunStore(store) as runs:
        journaled = bench_harness(1000, StoreRecorder(store, runs, "bench"))
    return {
        "cases": memory["cases"],
        "ms_per_case_in_memory": memory["ms_per_case"],
        "ms_per_case_journaled": journaled["ms_per_case"],
    }
