"""The store: inserts, selects, bulk rows, election of a new owner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.store.bench import bench_store


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of ``engine.store.bench``."""
    return bench_store()
