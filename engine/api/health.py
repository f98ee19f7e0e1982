"""``GET /api/health/live``: the process answers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def read_liveness(_request: Request) -> JSONResponse:
    """Says that the process serves requests, without touching store or index."""
    return JSONResponse({"status": "ok"})


HEALTH_ROUTES = [Route("/api/health/live", read_liveness, methods=["GET"])]
