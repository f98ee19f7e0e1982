"""A loopback server that answers a question, or misbehaves as its path says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = {
    "answer": "Within 42 days of delivery.",
    "contexts": ["Unopened boxes may be returned within 42 days of delivery."],
}


class MisbehavingServer(ThreadingHTTPServer):
    """Requests are kept; ``/flaky`` replies follow ``script``, a list of (status, headers)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, Any]] = []
        self.arrived: list[float] = []
        self.script: list[tuple[int, dict[str, str]]] = []
        self.reply: Any = GOOD
        self.ended = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: MisbehavingServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._respond({"method": "POST", "path": self.path, "headers": dict(self.headers), "body": body})

    def do_GET(self) -> None:
        self._respond({"method": "GET", "path": self.path, "headers": dict(self.headers), "body": None})

    def _respond(self, request: dict[str, Any]) -> None:
        self.server.requests.append(request)
        self.server.arrived.append(time.monotonic())
        name = self.path.partition("?")[0].strip("/")
        BEHAVIOURS.get(name, _answer)(self)

    def send(self, content: bytes, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", headers.pop("length", str(len(content))))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def _answer(h: _Handler) -> None:
    reply = h.server.reply
    h.send(json.dumps(reply(h.server.requests[-1]["body"]) if callable(reply) else reply).encode())


def _hang(h: _Handler) -> None:
    h.server.ended.wait(30)


def _drip(h: _Handler) -> None:
    """A header byte now and then: no single read ever times out."""
    h.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not h.server.ended.wait(0.05):
        h.wfile.write(b"a")
        h.wfile.flush()


def _stream(h: _Handler) -> None:
    h.send_response(200)
    h.send_header("Content-Type", "application/json")
    h.end_headers()
    h.wfile.write(b'{"answer": "')
    while not h.server.ended.wait(0.02):
        h.wfile.write(b"on and on ")
        h.wfile.flush()
    h.close_connection = True


def _flood(h: _Handler) -> None:
    h.send_response(200)
    h.send_header("Content-Type", "application/json")
    h.end_headers()
    h.wfile.write(b'{"answer": "')
    while not h.server.ended.is_set():
        h.wfile.write(b"x" * 65536)
    h.close_connection = True


def _vanish(h: _Handler) -> None:
    h.close_connection = True
    h.connection.close()


def _flaky(h: _Handler) -> None:
    status, headers = h.server.script.pop(0) if h.server.script else (200, {})
    content = json.dumps(h.server.reply if status == 200 else {"error": "secret prompt text"}).encode()
    h.send(content, status, **headers)


def _redirect(where: Callable[[_Handler], str], status: int = 307) -> Callable[[_Handler], None]:
    return lambda h: h.send(b"", status, location=where(h))


BEHAVIOURS: dict[str, Callable[[_Handler], None]] = {
    "hang": _hang,
    "drip": _drip,
    "stream": _stream,
    "flood": _flood,
    "vanish": _vanish,
    "flaky": _flaky,
    "error": lambda h: h.send(b'{"error": "the document says 42"}', 500),
    "busy": lambda h: h.send(b"{}", 429, retry_after="3600"),
    "forbidden": lambda h: h.send(b"{}", 401),
    "html": lambda h: h.send(b"<!doctype html><p>Welcome</p>", kind="text/html"),
    "early": lambda h: h.send(b'{"answer": "Within 42 da'),
    "cut": lambda h: (h.send(b'{"answer": "Within', length="5000"), _vanish(h)),  # type: ignore[dict-item]
    "nothing": lambda h: h.send(b""),
    "prose": lambda h: h.send(b"Within 42 days.", kind="text/plain"),
    "events": lambda h: h.send(b"data: {}\n\n", kind="text/event-stream"),
    "latin": lambda h: h.send('{"answer": "Größe"}'.encode("latin-1")),
    "away": _redirect(lambda h: "http://127.0.0.2:1/answer"),
    "moved": _redirect(lambda h: "/answer"),
    "dropped": _redirect(lambda h: "/answer", 303),
    "circle": _redirect(lambda h: "/circle"),
    "slow": lambda h: (time.sleep(0.15), _answer(h))[0],
}


@contextmanager
def serve_misbehaving() -> Iterator[MisbehavingServer]:
    """The server, in a thread while the block runs."""
    server = MisbehavingServer()
    threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True).start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
