"""Which machine and which version this is: benchmarks of one machine say nothing of another."""

from __future__ import annotations

import os
import platform
import tomllib
from pathlib import Path

from engine.settings import ROOT


def describe_machine() -> str:
    """Processor, cores and Python in one line."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def read_version() -> str:
    """Phasegate's own version, from pyproject.toml."""
    try:
        with (ROOT / "pyproject.toml").open("rb") as file:
            return str(tomllib.load(file)["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return "unknown"
