"""Probes: ``live`` says that the process answers, ``ready`` that it could answer a question, ``deep`` how each part is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.api.parts import ApiParts
from engine.api.replies import reply_json
from engine.settings import home

FRESH_S = 2.0
"""What was found is given again for so long: ``ready`` is answered to everybody, and asking often must not make work."""
_THREADS: dict[str, CapacityLimiter] = {}


class KeptFindings:
    """What a look found, for two seconds; one asker at a time looks anew, the others wait for what it finds."""

    def __init__(self, look: Callable[[Path, str], dict[str, Any]]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._kept: dict[Path, tuple[float, dict[str, Any]]] = {}

    def read(self, url: str = "") -> dict[str, Any]:
        """The findings on this home."""
        with self._lock:
            folder = home()
            kept = self._kept.get(folder)
            if kept is None or time.monotonic() - kept[0] > FRESH_S:
                found = self._look(folder, url)
                kept = self._kept[folder] = (time.monotonic(), found)
            return kept[1]


async def read_liveness(_request: Request) -> JSONResponse:
    """The process answers; touches neither store nor index."""
    return JSONResponse({"status": "ok"})


async def read_readiness(_request: Request) -> Response:
    """Whether it can answer questions."""
    return _reply(await to_thread.run_sync(_READY.read, limiter=_one_thread("ready")))


async def read_depth(request: Request) -> Response:
    """Every part checked, with latency and reason."""
    server = request.scope.get("server")
    url = f"http://{_bracket(server[0])}:{server[1]}" if server and server[1] else ""
    return _reply(await to_thread.run_sync(_DEEP.read, url, limiter=_one_thread("deep")))


def _check_ready(folder: Path, _url: str) -> dict[str, Any]:
    from engine.operations.health import describe_checks
    from engine.operations.health_checks import run_ready_checks

    return describe_checks(run_ready_checks(folder))


def _check_deep(folder: Path, url: str) -> dict[str, Any]:
    from engine.operations.health import describe_checks
    from engine.operations.health_checks import run_deep_checks

    return describe_checks(run_deep_checks(folder, api_url=url))


def _reply(found: dict[str, Any]) -> Response:
    """200 while answers can be given, with warnings too; 503 else."""
    return reply_json(found, 503 if found["status"] == "fail" else 200)


def _one_thread(name: str) -> CapacityLimiter:
    """Slow checks must not take the threads of the other routes."""
    if name not in _THREADS:
        _THREADS[name] = CapacityLimiter(1)
    return _THREADS[name]


def _bracket(address: str) -> str:
    return f"[{address}]" if ":" in address else address


_READY, _DEEP = KeptFindings(_check_ready), KeptFindings(_check_deep)


def build_health_routes(_parts: ApiParts) -> list[Route]:
    """The three probes. They open what they check themselves: a part that is broken must not keep them from saying so."""
    return [
        Route("/api/health/live", read_liveness, methods=["GET"]),
        Route("/api/health/ready", read_readiness, methods=["GET"]),
        Route("/api/health/deep", read_depth, methods=["GET"]),
    ]
