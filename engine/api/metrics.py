"""``GET /metrics`` for Prometheus, ``/metrics/history`` and ``/metrics/cache`` as JSON."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.api.parts import ApiParts, in_thread
from engine.api.replies import reply_json
from engine.errors import InputError
from engine.operations.metric_history import LONGEST_HOURS, load_cache_figures, load_history
from engine.operations.metrics import CONTENT_TYPE, get_recorder
from engine.store import Store

USUAL_HOURS = "24"


def build_metrics_routes(parts: ApiParts) -> list[Route]:
    """The routes over a store and this process's recorder."""

    async def show_metrics(_request: Request) -> Response:
        """Metrics in the text format of Prometheus."""
        text = await in_thread(lambda: get_recorder(parts.store().home).render_prometheus())
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    async def show_history(request: Request) -> Response:
        """Figures in time over the last hours."""
        hours = read_hours(request)
        return reply_json(await in_thread(lambda: load_history(_bring_up_to_date(parts), hours)))

    async def show_cache(request: Request) -> Response:
        """The cache tiers over the last hours."""
        hours = read_hours(request)
        return reply_json(await in_thread(lambda: load_cache_figures(_bring_up_to_date(parts), hours)))

    return [
        Route("/metrics", show_metrics, methods=["GET"]),
        Route("/metrics/history", show_history, methods=["GET"]),
        Route("/metrics/cache", show_cache, methods=["GET"]),
    ]


def read_hours(request: Request) -> int:
    """The query's ``hours``; 24 without one.

    Raises:
        InputError: not a whole number of 1 to five years.
    """
    text = request.query_params.get("hours", USUAL_HOURS)
    if text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= LONGEST_HOURS:
        return int(text)
    problem = f"expected a whole number of 1 to {LONGEST_HOURS}"
    raise InputError(f"hours: {problem}.", "Such as hours=24", fields={"hours": problem})


def _bring_up_to_date(parts: ApiParts) -> Store:
    """The store, holding what this process has counted up to now."""
    store = parts.store()
    get_recorder(store.home).write_now()
    return store
