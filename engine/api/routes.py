"""Every route of the API."""

from __future__ import annotations

from starlette.routing import BaseRoute

from engine.api.ask import build_ask_routes
from engine.api.config import build_config_routes
from engine.api.health import build_health_routes
from engine.api.metrics import build_metrics_routes
from engine.api.nothing import close_api
from engine.api.openapi import build_openapi_route
from engine.api.parts import ApiParts, serve_parts
from engine.api.results import build_result_routes

VERSION = "1"
"""Of the API; it grows when a program that uses it would have to change."""


def build_routes(parts: ApiParts) -> list[BaseRoute]:
    """Every route of the API over the given parts."""
    routes: list[BaseRoute] = [
        *build_health_routes(parts),
        *build_metrics_routes(parts),
        *build_ask_routes(parts),
        *build_config_routes(parts),
        *build_result_routes(parts),
    ]
    routes.append(build_openapi_route(routes, VERSION))
    return close_api(routes)


ROUTES = build_routes(serve_parts())
