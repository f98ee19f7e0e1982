"""``GET /api/openapi.json``: the API described, put together from the models that check what comes in."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engine.api.replies import reply_json
from engine.guard.validation import AskBody, ConfigBody
from engine.settings import CHOICES, PRESETS, RANGES, PipelineSettings

BODIES = {("/api/ask", "post"): AskBody, ("/api/config/rag", "post"): ConfigBody}
SUMMARIES = {
    ("/api/ask", "post"): "Answer a question; as server-sent events with stream: true.",
    ("/api/config/rag", "get"): "The defaults of the pipeline and where each comes from.",
    ("/api/config/rag", "post"): "Save a preset, single settings, or both; settings win.",
    ("/api/runs", "get"): "Runs, newest first.",
    ("/api/runs/{run_id}", "get"): "One run: figures, settings, what made it.",
    ("/api/gates/{roadmap}/{phase}", "get"): "The verdict of a phase, goal by goal.",
    ("/api/health/live", "get"): "The process answers.",
    ("/api/health/ready", "get"): "Whether it can answer questions.",
    ("/api/health/deep", "get"): "Every part checked, with latency and reason.",
    ("/metrics", "get"): "Metrics in the format of Prometheus.",
    ("/api/openapi.json", "get"): "This document.",
}
QUERIES = {
    ("/api/runs", "get"): {"limit": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}},
    ("/api/gates/{roadmap}/{phase}", "get"): {
        "run": {"type": "string", "description": "Judge this run alone."},
        "policy": {"type": "string", "enum": ["point", "strict"], "default": "point"},
    },
}
FREE = ("/api/health/live", "/api/health/ready")
PROBLEMS = {
    "400": "What was sent cannot be used; fields says what is wrong with which field.",
    "401": "A token is needed, or the one that was sent does not hold.",
    "403": "The token may not do this, or the request comes from a page of another site.",
    "404": "There is nothing of that name.",
    "413": "The body is larger than a megabyte.",
    "415": "The content type is not application/json.",
    "422": "A guard does not let the text through.",
    "429": "More requests than one address or token may make in a minute; see Retry-After.",
    "502": "A model failed.",
    "503": "Busy, or the store is out of reach; see Retry-After.",
}
OF_BODIES = ("413", "415")
_REF = "#/components/schemas/{model}"


def build_openapi_route(routes: Sequence[BaseRoute], version: str) -> Route:
    """The route that describes the others, and itself."""

    async def show(_request: Request) -> Response:
        return reply_json(describe_api([*routes, route], version))

    route = Route("/api/openapi.json", show, methods=["GET"])
    return route


def describe_api(routes: Sequence[BaseRoute], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of some routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, Route) and "{rest:path}" not in route.path:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                paths.setdefault(route.path, {})[method.lower()] = _describe_operation(route, method.lower())
    _, models = models_json_schema([(model, "validation") for model in BODIES.values()], ref_template=_REF)
    schemas = dict(models["$defs"])
    schemas["Settings"] = _describe_settings()
    schemas["ConfigBody"] = {
        "type": "object",
        "description": "A preset and settings on top of it, all of them optional.",
        "properties": {"preset": {"enum": list(PRESETS)}, **schemas["Settings"]["properties"]},
        "additionalProperties": False,
    }
    schemas["AskBody"]["properties"]["settings"] = {"$ref": _REF.format(model="Settings")}
    schemas["AskBody"]["properties"]["preset"] = {"enum": [*PRESETS, None], "default": None}
    schemas["Error"] = _ERROR
    return {
        "openapi": "3.1.0",
        "info": {"title": "Phasegate", "version": version, "description": "See docs/guide/api.md."},
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "hint", "fields", "correlation_id"],
            "properties": {
                "message": {"type": "string"},
                "hint": {"type": "string"},
                "fields": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
                    },
                },
                "guide": {"type": "string"},
                "correlation_id": {"type": "string"},
                "retry_after_s": {"type": "integer"},
            },
        }
    },
}


def _describe_operation(route: Route, method: str) -> dict[str, Any]:
    key = (route.path, method)
    documented = (route.endpoint.__doc__ or "").strip().partition("\n")[0]
    body = BODIES.get(key)
    names = [*(route.param_convertors or {})]
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in QUERIES.get(key, {}).items()]
    content: dict[str, Any] = {"text/plain" if route.path == "/metrics" else "application/json": {}}
    if route.path == "/api/ask":
        content["text/event-stream"] = {
            "schema": {"type": "string", "description": "Events delta, restart, answer, error."}
        }
    problems = {} if route.path in FREE else {code: _problem(text) for code, text in PROBLEMS.items()}
    if body is None:
        problems = {code: problem for code, problem in problems.items() if code not in OF_BODIES}
    operation: dict[str, Any] = {
        "summary": SUMMARIES.get(key, documented),
        "responses": {"200": {"description": "Done.", "content": content}, **problems},
    }
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        schema = {"$ref": _REF.format(model=body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if route.path in FREE:
        operation["security"] = []
    return operation


def _problem(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}}}


def _describe_settings() -> dict[str, Any]:
    """Every field of the pipeline with its default, choices and range."""
    types = {int: "integer", float: "number", str: "string"}
    properties: dict[str, Any] = {}
    for field in dataclasses.fields(PipelineSettings):
        schema: dict[str, Any] = {"type": types[type(field.default)], "default": field.default}
        if field.name in CHOICES:
            schema["enum"] = list(CHOICES[field.name])
        if field.name in RANGES:
            schema["minimum"], schema["maximum"] = RANGES[field.name]
        properties[field.name] = schema
    return {"type": "object", "properties": properties, "additionalProperties": False}
