"""``/api/config/rag``: the defaults of the pipeline, as the Settings screen saves them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.api.access import Caller
from engine.api.bodies import read_body
from engine.api.parts import ApiParts, in_thread
from engine.api.replies import reply_json
from engine.errors import InputError, SettingError
from engine.guard.validation import ConfigBody
from engine.settings import PRESETS, PipelineSettings
from engine.store import PreferenceStore, Store
from engine.views.ask import load_defaults
from engine.views.settings import save_settings


def build_config_routes(parts: ApiParts) -> list[Route]:
    """The routes over a store."""

    async def show(_request: Request) -> Response:
        return reply_json(await in_thread(lambda: describe_config(parts.store())))

    async def change(request: Request) -> Response:
        body = await read_body(request, ConfigBody)
        return reply_json(await in_thread(lambda: change_config(parts.store(), body, request.state.caller)))

    return [
        Route("/api/config/rag", show, methods=["GET"]),
        Route("/api/config/rag", change, methods=["POST"]),
    ]


def describe_config(store: Store) -> dict[str, Any]:
    """The defaults that are in force: settings, where each comes from, the presets that they agree with."""
    settings = load_defaults(store)
    saved = PreferenceStore(store).load_preference("pipeline", {}) or {}
    values = settings.as_dict()
    return {
        "settings": values,
        "origins": {name: "saved" if name in saved else "shipped default" for name in values},
        "presets": [name for name, preset in PRESETS.items() if preset.items() <= values.items()],
    }


def change_config(store: Store, body: ConfigBody, caller: Caller) -> dict[str, Any]:
    """Save a preset, fields, or both; fields win. What is not named stays.

    Returns:
        as ``describe_config``, with ``changed`` (field to [before, after]) and ``reindexes``: the next question of each
        corpus builds an index first.

    Raises:
        InputError: nothing was named, or a value that cannot be; ``fields`` names each. Nothing was saved.
    """
    if body.preset is None and not body.settings:
        raise InputError(
            "The body names neither a preset nor a setting.",
            'Such as {"preset": "fast"} or {"top_k": 10}',
            fields={"": "expected a preset, settings or both"},
        )
    _check_each(body)
    before = load_defaults(store)
    after = body.resolve_settings(before)
    who = caller.name or f"address {caller.address}"
    save_settings(store, after.as_dict(), who, "HTTP API" + (f", preset {body.preset}" if body.preset else ""))
    old, new = before.as_dict(), after.as_dict()
    changed = {name: [old[name], new[name]] for name in new if old[name] != new[name]}
    reindexes = before.index_fingerprint != after.index_fingerprint
    return describe_config(store) | {"changed": changed, "reindexes": reindexes}


def _check_each(body: ConfigBody) -> None:
    """Try each field by itself, so that all wrong ones are named at once."""
    problems: dict[str, str] = {}
    for name, value in body.settings.items():
        # A chunk beside its overlap is judged when both are there.
        room = (
            {"chunk_overlap": 0} if name == "chunk_size" else {"chunk_size": 20_000} if name == "chunk_overlap" else {}
        )
        try:
            PipelineSettings().with_values({**room, name: value})
        except SettingError as error:
            problems[name[:80]] = error.message
    if problems:
        raise SettingError(" ".join(problems.values()), "GET /api/config/rag shows all settings.", fields=problems)
