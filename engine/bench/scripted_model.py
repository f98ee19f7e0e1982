"""The model that the benchmarks speak to: the configured one, else a scripted server on loopback that stands for it.

The stand-in is reached through litellm like any other model, so that all of the way to a model is walked. What it says
is the beginning of the first passage: figures of it are marked and no gate counts them.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from engine.bench.model_server import ModelConnection, ModelScript, ScriptedCall, open_server, quote_passage
from engine.providers.specs import ProviderSpec
from engine.settings import ROOT, PipelineSettings

STAND_IN = "hosted_vllm/scripted"
_VARIABLES = {"HOSTED_VLLM_API_KEY": "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchModel:
    """Settings whose provider is a model; ``stand_in`` when nobody has configured one."""

    settings: PipelineSettings
    stand_in: bool


class ScriptedModel:
    """A scripted model server while the block runs; see ``ModelScript`` for what it can be told.

    Args:
        delay_s: seconds before the first token.
        token_delay_s: seconds between tokens.
        reply: what it says, or what makes that of a request's body.
        faults: of the next replies, one each; ``steady`` is that of all later ones (see ``model_server.FAULTS``).
        model: how it names itself; empty repeats the name asked for.
        process: run it as a process of its own, which :meth:`kill` ends by SIGKILL; ``reply`` is then a text.
    """

    def __init__(
        self,
        delay_s: float = 0.0,
        token_delay_s: float = 0.0,
        *,
        reply: str | Callable[[dict[str, Any]], str] = quote_passage,
        faults: Sequence[str] = (),
        steady: str = "ok",
        model: str = "",
        process: bool = False,
    ) -> None:
        self.script = ModelScript(delay_s, token_delay_s, reply, list(faults), steady, model)
        self._own_process = process
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[ModelConnection] = set()

    def __enter__(self) -> ScriptedModel:
        if not self._own_process:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="scripted-model", daemon=True).start()
        self.restart()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)

    @property
    def address(self) -> str:
        """Where it listens; the same after a restart."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def calls(self) -> list[ScriptedCall]:
        """What it was asked, in order. Those of a process are lost when it is killed."""
        if not self._own_process:
            return self.script.calls
        with urllib.request.urlopen(f"{self.address}/calls", timeout=10) as reply:
            return [ScriptedCall(**call) for call in json.load(reply)["calls"]]

    def make_spec(self, name: str = "scripted", **fields: Any) -> ProviderSpec:
        """This server as a provider; ``fields`` are those of ``ProviderSpec``."""
        return ProviderSpec(**{"name": name, "model": STAND_IN, "api_base": self.address, **fields})

    def kill(self) -> None:
        """Stop at once: calls in flight are cut off, new ones refused."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            self._process = None
        elif self._server is not None and self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()

    def restart(self) -> None:
        """Serve again at the same address."""
        if self._own_process:
            options = {
                "delay_s": self.script.delay_s,
                "token_delay_s": self.script.token_delay_s,
                "faults": self.script.faults,
                "steady": self.script.steady,
                "model": self.script.model,
                "port": self._port,
            }
            if isinstance(self.script.reply, str):
                options["reply"] = self.script.reply
            command = [sys.executable, "-m", "engine.bench.model_server", json.dumps(options)]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self._process = subprocess.Popen(command, text=True, cwd=ROOT, **pipes)
            assert self._process.stdout is not None
            self._port = int(self._process.stdout.readline())
        elif self._loop is not None:
            serving = asyncio.run_coroutine_threadsafe(
                open_server(self.script, self._connections, self._port), self._loop
            )
            self._server = serving.result()
            self._port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            connection.abort()
        self._server = None
        await asyncio.sleep(0)


@contextmanager
def open_model(overrides: Mapping[str, Any], delay_s: float = 0.0, token_delay_s: float = 0.0) -> Iterator[BenchModel]:
    """The model of ``--set provider=litellm --set model=...``, or the stand-in while the block runs, with these delays."""
    settings = PipelineSettings().with_values(overrides)
    if settings.provider != "extractive" and settings.model:
        yield BenchModel(settings=settings, stand_in=False)
        return
    with (
        ScriptedModel(delay_s, token_delay_s) as server,
        _environment({**_VARIABLES, "HOSTED_VLLM_API_BASE": server.address}),
    ):
        yield BenchModel(settings=settings.with_values({"provider": "litellm", "model": STAND_IN}), stand_in=True)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
