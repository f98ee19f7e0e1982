"""What is left of ``/api/``: 404, or 405 where a route takes another method. Without it the first screen would answer."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from engine.api.replies import ApiError, reply_error

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def close_api(routes: Sequence[BaseRoute]) -> list[BaseRoute]:
    """The routes with one behind them that takes every other path of the API."""

    async def answer_nothing(request: Request) -> Response:
        allowed = sorted({method for route in routes for method in _methods_at(route, request)})
        path = request.url.path
        if allowed:
            words = ", ".join(allowed)
            error = ApiError(405, f"{path} does not take {request.method}.", f"Use {words}.", headers={"Allow": words})
        else:
            error = ApiError(404, f"There is nothing at {path[:200]}.", "GET /api/openapi.json lists what there is.")
        return reply_error(error, getattr(request.state, "correlation_id", ""))

    return [*routes, Route("/api/{rest:path}", answer_nothing, methods=METHODS)]


def _methods_at(route: BaseRoute, request: Request) -> set[str]:
    """The methods that a route takes at the request's path; none when it is at another."""
    if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
        return route.methods or set()
    return set()
