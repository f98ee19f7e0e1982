"""What the command line prints: one JSON object, or text for people with rich."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.errors import PhasegateError
from engine.json_values import encode_value

if TYPE_CHECKING:
    from rich.console import Console

Progress = Callable[[int, int, str], None]


def print_json(value: object) -> None:
    """One JSON object on stdout."""
    text = json.dumps(value, default=encode_value, ensure_ascii=False, allow_nan=False)
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has what it wanted; the exit code is that of the command
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_error(error: PhasegateError) -> None:
    """Message, hint and page of the guide on stderr."""
    lines = [f"Error: {error.message}"]
    if error.hint:
        lines.append(f"Next:  {error.hint}")
    lines.append(f"Guide: {error.guide}")
    print("\n".join(lines), file=sys.stderr)


def open_console() -> Console:
    """A rich console on stdout."""
    from rich.console import Console

    return Console(highlight=False)


@contextmanager
def show_progress(title: str, quiet: bool, *, log: bool = False) -> Iterator[Progress]:
    """A progress bar on stderr; silent when stdout carries JSON or stderr is no terminal.

    ``log``: where stderr is a log that somebody follows, a line for each step instead.
    """
    if log and not sys.stderr.isatty():
        yield _log_progress
        return
    if quiet or not sys.stderr.isatty():
        yield lambda done, total, message: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)

        def report(done: int, total: int, message: str) -> None:
            progress.update(task, completed=done, total=total or None, description=f"{title}: {message}"[:60])

        yield report


def _log_progress(done: int, total: int, message: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {done}/{total} {message}", file=sys.stderr, flush=True)


def format_rate(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A share as per cent with its interval, or a dash."""
    if value is None:
        return "-"
    interval = f" [{100 * low:.1f}, {100 * high:.1f}]" if low is not None and high is not None else ""
    return f"{100 * value:.1f} %{interval}"


def format_number(value: float | None, digits: int = 3, unit: str = "") -> str:
    """A number with sensible digits, or a dash."""
    return "-" if value is None else f"{value:.{digits}f}{unit}"
