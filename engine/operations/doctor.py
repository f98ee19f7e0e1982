"""Is this machine able to run Phasegate? One check a row, each with what to do when it fails."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.errors import PhasegateError

MIN_PYTHON = (3, 11)
MIN_FREE_GB = 2.0
MIN_MEMORY_GB = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``status`` is ok, warn or fail; ``advice`` says what to do, empty when all is well."""

    name: str
    status: str
    detail: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """Fields by name."""
        return asdict(self)


def run_doctor(home: Path, port: int = 8501) -> list[Check]:
    """Check Python, memory, state folder, free disk, model, store and port; never raises for what it finds."""
    checks: list[tuple[str, Callable[[], Check]]] = [
        ("Python", _check_python),
        ("memory", _check_memory),
        ("state folder", lambda: _check_folder(home)),
        ("free disk", lambda: _check_disk(home)),
        ("embedding model", _check_model),
        ("store", lambda: _check_store(home)),
        ("port", lambda: _check_port(port)),
    ]
    results = []
    for name, check in checks:
        try:
            results.append(check())
        except PhasegateError as error:
            results.append(Check(name=name, status="fail", detail=error.message, advice=error.hint))
        except Exception as error:  # a health check reports whatever goes wrong
            results.append(Check(name=name, status="fail", detail=f"{type(error).__name__}: {error}"))
    return results


def is_port_free(address: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _check_python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < MIN_PYTHON:
        return Check(
            name="Python", status="fail", detail=found, advice="Install Python 3.11 or newer and run make run."
        )
    return Check(name="Python", status="ok", detail=f"{found} on {sys.platform}, {os.cpu_count()} cores")


def _check_memory() -> Check:
    import psutil

    memory = psutil.virtual_memory()
    detail = f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GB available"
    if memory.available < MIN_MEMORY_GB * 2**30:
        return Check(name="memory", status="warn", detail=detail, advice="Close other programs; 2 GB should be free.")
    return Check(name="memory", status="ok", detail=detail)


def _check_folder(home: Path) -> Check:
    folder = next(path for path in (home, *home.parents) if path.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return Check(
            name="state folder",
            status="fail",
            detail=f"{folder} cannot be written",
            advice="Set PHASEGATE_HOME to a folder that you may write.",
        )
    size = sum(p.stat().st_size for p in home.rglob("*") if p.is_file()) if home.exists() else 0
    return Check(name="state folder", status="ok", detail=f"{home}, {size / 2**20:.0f} MB used")


def _check_disk(home: Path) -> Check:
    folder = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(folder).free / 2**30
    if free < MIN_FREE_GB:
        return Check(
            name="free disk",
            status="fail" if free < 0.2 else "warn",
            detail=f"{free:.1f} GB free",
            advice="Free some space, or set PHASEGATE_HOME to a larger disk.",
        )
    return Check(name="free disk", status="ok", detail=f"{free:.1f} GB free")


def _check_model() -> Check:
    from engine.embedding import load_embedder
    from engine.embedding.weights import SHA256, check_weights, find_model_folder
    from engine.settings import PipelineSettings

    check_weights(find_model_folder() / "model.safetensors")
    started = time.perf_counter()
    load_embedder(PipelineSettings()).embed(["a test"])
    seconds = time.perf_counter() - started
    detail = f"all-MiniLM-L6-v2, sha256 {SHA256[:12]} as published, ready in {seconds:.2f} s"
    return Check(name="embedding model", status="ok", detail=detail)


def _check_store(home: Path) -> Check:
    from engine.store import open_store

    with open_store(home) as store:
        rows = store.query("SELECT count(*) AS runs FROM runs")[0]["runs"]
        role = "served by another process" if store.role == "client" else "opened by this process"
    return Check(name="store", status="ok", detail=f"{home / 'store.duckdb'}, {rows} runs, {role}")


def _check_port(port: int) -> Check:
    if is_port_free("127.0.0.1", port):
        return Check(name="port", status="ok", detail=f"{port} is free")
    return Check(
        name="port",
        status="warn",
        detail=f"{port} is in use; perhaps the dashboard is already running",
        advice=f"Open http://127.0.0.1:{port}, or start another: python -m engine serve --port {port + 1}",
    )
