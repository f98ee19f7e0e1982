"""The model that the benchmarks speak to: the configured one, else a scripted server on loopback that stands for it.

The stand-in is reached through litellm like any other model, so that all of the way to a model is walked. What it says
is the beginning of the first passage: figures of it are marked and no gate counts them.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from engine.settings import PipelineSettings

STAND_IN = "hosted_vllm/scripted"
_VARIABLES = {"HOSTED_VLLM_API_KEY": "none"}
_PASSAGE = re.compile(r"\[1\] \([^)]*\)\n(.+?)(?:\n\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchModel:
    """Settings whose provider is a model; ``stand_in`` when nobody has configured one."""

    settings: PipelineSettings
    stand_in: bool


@contextmanager
def open_model(overrides: Mapping[str, Any]) -> Iterator[BenchModel]:
    """The model of ``--set provider=litellm --set model=...``, or the stand-in while the block runs."""
    settings = PipelineSettings().with_values(overrides)
    if settings.provider != "extractive" and settings.model:
        yield BenchModel(settings=settings, stand_in=False)
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, name="scripted-model", daemon=True).start()
    variables = {**_VARIABLES, "HOSTED_VLLM_API_BASE": f"http://127.0.0.1:{server.server_port}"}
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield BenchModel(settings=settings.with_values({"provider": "litellm", "model": STAND_IN}), stand_in=True)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = "\n".join(str(message["content"]) for message in body["messages"])
        found = _PASSAGE.search(asked)
        said = (" ".join(found[1].split())[:200] + " [1]") if found else "NOT IN THE DOCUMENTS"
        usage = {"prompt_tokens": len(asked.split()), "completion_tokens": len(said.split())}
        reply = {
            "id": "scripted",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}],
            "usage": usage | {"total_tokens": sum(usage.values())},
        }
        content = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is logged: a request holds prompts."""
