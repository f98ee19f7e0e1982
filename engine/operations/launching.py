"""Starting and stopping long work as processes of their own, with the command line that a person would type."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from engine.errors import DiskFullError
from engine.settings import ROOT, home
from engine.state_folder import append_private


def new_id(kind: str) -> str:
    """An id that sorts by time: ``run-20260131-142501-3fa9``."""
    return f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid4().hex[:4]}"


def log_path(identifier: str) -> Path:
    """Where the work with this id writes its log."""
    return home() / "logs" / f"{Path(identifier).name}.log"


def start_command(arguments: Sequence[str], identifier: str) -> Path:
    """Starts ``python -m engine ARGUMENTS`` detached from this process; its output goes to the log.

    Returns:
        The log's path. Its first line is the command, as it could be typed; its last one will be the exit code.

    Raises:
        DiskFullError: the log cannot be written.
    """
    process, path = open_command(arguments, identifier)
    threading.Thread(target=note_end, args=(process, path), name=f"await-{process.pid}", daemon=True).start()
    return path


def open_command(arguments: Sequence[str], identifier: str) -> tuple[subprocess.Popen[bytes], Path]:
    """The same, for a caller who waits for the end with :func:`note_end`: the process and its log's path.

    Raises:
        DiskFullError: the log cannot be written.
    """
    path = log_path(identifier)
    try:
        with append_private(path) as log:
            log.write(f"$ python -m engine {shlex.join(arguments)}\n")
            log.flush()
            process = subprocess.Popen(
                [sys.executable, "-m", "engine", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=Path.cwd(),
                env={**os.environ, "PHASEGATE_HOME": str(home()), "PYTHONPATH": _python_path()},
                start_new_session=True,
            )
    except OSError as error:
        raise DiskFullError(
            f"{path} could not be written: {error.strerror}.", "Free some space and try again."
        ) from error
    return process, path


def note_end(process: subprocess.Popen[bytes], path: Path) -> int:
    """Waits for the child (a zombie would look alive) and notes its exit code at the end of its log."""
    code = process.wait()
    with contextlib.suppress(OSError), path.open("a") as log:
        log.write(f"[exit code {code}]\n")
    return code


def stop_process(pid: int) -> bool:
    """Interrupts a process as Ctrl-C would, so that it keeps what it has finished. False when it is gone already."""
    try:
        os.kill(pid, signal.SIGINT)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def read_log_tail(path: Path, characters: int = 4_000) -> str:
    """The end of a log; empty when there is none."""
    try:
        return path.read_text(errors="replace")[-characters:]
    except OSError:
        return ""


def _python_path() -> str:
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
