"""A model server on loopback, which stands for a remote model in tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import pytest

Served = TypeVar("Served", bound="ScriptedServer")


class ScriptedServer(ThreadingHTTPServer):
    """Replies with what ``respond`` makes of a request.

    ``script`` holds the status codes of the next replies; when it is empty, replies have ``status``. ``raw`` is sent in
    place of a reply: bytes and their content type.
    """

    status = 200
    raw: tuple[bytes, str] | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[int] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    def respond(self, body: dict[str, Any]) -> dict[str, Any]:
        """The reply to a request."""
        raise NotImplementedError


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        self.server.keys.append(self.headers.get("Authorization"))
        status = self.server.script.pop(0) if self.server.script else self.server.status
        reply = self.server.respond(body) if status == 200 else {"error": {"message": "scripted"}}
        content, kind = self.server.raw or (json.dumps(reply).encode(), "application/json")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(server: Served, provider: str) -> Iterator[Served]:
    """Serve in a thread while the block runs; litellm finds it under the provider's own variables."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(f"{provider}_API_BASE", f"http://127.0.0.1:{server.server_port}")
            patch.setenv(f"{provider}_API_KEY", "not-a-key")
            yield server
    finally:
        server.shutdown()
        server.server_close()
