"""One worker process of a callable target, seen from the run: started, asked, watched, ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import psutil

from engine.errors import TargetError
from engine.evaluation.target_secrets import mask_secrets
from engine.evaluation.target_specs import PythonCall, TargetLimits
from engine.settings import ROOT

Log = Callable[[str], None]
MB = 1024 * 1024
LOOK_EVERY_S = 0.25
# Characters of a worker's output that go into the log; a callable may print without end.
MOST_LOGGED = 200_000
# A process that left the worker's group may hold its output open; nobody waits longer for it.
LAST_OUTPUT_S = 1.0
LOG = "What the callable printed, and its traceback, are in the run's log."


class WorkerProcess:
    """A process with the callable imported. Not for several threads at once."""

    def __init__(self, call: PythonCall, limits: TargetLimits, log: Log) -> None:
        """Start the process and wait until the callable is imported.

        Raises:
            TargetError: it cannot be imported, or not in time.
        """
        self._limits, self._log, self._name = limits, log, call.reference
        self._buffer = bytearray()
        self._asked, self._killed = 0, False
        self.rss_mb = self.peak_mb = 0.0
        their_in, self._out = os.pipe()
        self._in, their_out = os.pipe()
        command = [
            sys.executable,
            "-m",
            "engine.evaluation.target_worker",
            str(their_in),
            str(their_out),
            call.reference,
        ]
        path = [call.folder, str(ROOT), os.environ.get("PYTHONPATH", "")]
        try:
            self._process = subprocess.Popen(
                command,
                pass_fds=(their_in, their_out),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=call.folder,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        except OSError as error:
            os.close(self._out)
            os.close(self._in)
            raise TargetError(
                f"A worker process for {call.reference} cannot be started: {error.strerror}.",
                f"Check that the folder {call.folder} exists.",
            ) from None
        finally:
            os.close(their_in)
            os.close(their_out)
        os.set_blocking(self._in, False)
        self._memory = psutil.Process(self._process.pid)
        self._drainer = threading.Thread(target=self._drain, name=f"log-{self._process.pid}", daemon=True)
        self._drainer.start()
        first = self._receive(limits.start_timeout_s, "be imported")
        if "failed" in first:
            self.end()
            raise TargetError(f"{call.reference} cannot be imported from {call.folder}: {first['failed'][:300]}.", LOG)

    def ask(self, question: str, history: list[tuple[str, str]], timeout_s: float) -> tuple[dict[str, Any], float]:
        """What the callable returned within ``timeout_s``, and its seconds.

        Raises:
            TargetError: it raised, returned something else than agreed, took too long, grew too large, or the process
                ended. ``alive`` says whether the process can be asked again.
        """
        self._asked += 1
        line = json.dumps({"id": self._asked, "question": question, "history": history}) + "\n"
        try:
            self._send(line.encode())
        except OSError:
            raise self._explain_end() from None
        try:
            reply = self._receive(timeout_s, "answer")
        except KeyboardInterrupt:  # its reply would be the next question's
            self.end()
            raise
        if "raised" in reply:
            place = f" at {reply['place']}" if reply["place"] else ""
            raise TargetError(f"{self._name} raised {reply['raised']}{place}.", LOG)
        if "shape" in reply:
            raise TargetError(f"{self._name} returned something else than agreed: {reply['shape']}.", _SHAPE)
        return reply["values"], float(reply["seconds"])

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """Kill the process, wait for its end, close its pipes. For the thread that asks it."""
        self.kill()
        for fd in (self._in, self._out):
            with contextlib.suppress(OSError):
                os.close(fd)
        self._in = self._out = -1

    def kill(self) -> None:
        """Kill the process and what it has started, and wait for its end and its last output. For any thread."""
        if not self._killed:
            self._killed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._drainer.join(LAST_OUTPUT_S)

    def _send(self, line: bytes) -> None:
        while line:
            line = line[os.write(self._out, line) :]

    def _receive(self, seconds: float, purpose: str) -> dict[str, Any]:
        """The next message; the process is ended when it is late, too large or broken."""
        until, most = time.monotonic() + seconds, 1024 * self._limits.max_reply_kb
        while b"\n" not in self._buffer:
            left = until - time.monotonic()
            if left <= 0:
                self.end()
                raise TargetError(
                    f"{self._name} did not {purpose} within {seconds:g} s; its worker process was ended.",
                    "Look why it is slow, or raise limits.timeout_s (or start_timeout_s) of the target.",
                )
            if select.select([self._in], [], [], min(left, LOOK_EVERY_S))[0]:
                piece = os.read(self._in, MB)
                if not piece:
                    raise self._explain_end()
                self._buffer += piece
            if len(self._buffer) > most:
                self.end()
                raise TargetError(
                    f"{self._name} returned more than {self._limits.max_reply_kb:,} KB; its worker process was ended.",
                    "Return less, or raise limits.max_reply_kb of the target.",
                )
            self._check_memory()
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        self._check_memory()
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self.end()
            raise TargetError(f"{self._name}: its worker process sent something else than a reply.", LOG)
        return message

    def _check_memory(self) -> None:
        try:
            self.rss_mb = self._memory.memory_info().rss / MB
        except psutil.Error:  # it has just ended; the pipe says so
            return
        self.peak_mb = max(self.peak_mb, self.rss_mb)
        if self.rss_mb > self._limits.memory_mb:
            self.end()
            raise TargetError(
                f"{self._name} holds {self.rss_mb:,.0f} MB, more than the {self._limits.memory_mb:,} MB that its worker"
                " process may; it was ended.",
                "Look for a leak, or raise limits.memory_mb of the target.",
            )

    def _explain_end(self) -> TargetError:
        self.end()
        code = self._process.returncode
        how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return TargetError(f"{self._name}: its worker process ended {how} before it answered.", LOG)

    def _drain(self) -> None:
        """Hands the worker's output to the log, secrets masked, until there is too much of it."""
        assert self._process.stdout is not None
        left = MOST_LOGGED
        for raw in iter(lambda: self._process.stdout.readline(8192), b""):  # type: ignore[union-attr]
            if left <= 0:
                continue
            text = mask_secrets(raw.decode(errors="replace").rstrip("\n"))
            left -= len(text) + 1
            self._log(f"[{self._name}] {text}")
            if left <= 0:
                self._log(f"[{self._name}] more than {MOST_LOGGED:,} characters; the rest is left out")


_SHAPE = "Return text, or a dict with answer and, where there are any, contexts, retrieved, abstained."
