"""Runs and gates to read, as ``runs --json``, ``show --json`` and ``gate --json`` print them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.api.parts import ApiParts, in_thread
from engine.api.replies import reply_json
from engine.errors import InputError, UnknownNameError
from engine.store import RunStore, Store

MOST_RUNS = 500
USUAL_RUNS = 50


def build_result_routes(parts: ApiParts) -> list[Route]:
    """The routes over a store."""

    async def list_runs(request: Request) -> Response:
        limit = _read_whole(request.query_params.get("limit", str(USUAL_RUNS)), "limit", MOST_RUNS)
        return reply_json({"runs": await in_thread(lambda: _list_runs(parts.store(), limit))})

    async def show_run(request: Request) -> Response:
        run_id = request.path_params["run_id"]
        return reply_json(await in_thread(lambda: _load_run(parts.store(), run_id)))

    async def show_gate(request: Request) -> Response:
        given, query = request.path_params, request.query_params
        phase = _read_whole(given["phase"], "phase", 1000)
        run, policy = query.get("run"), query.get("policy", "point")
        return reply_json(await in_thread(lambda: _check_gate(parts.store(), given["roadmap"], phase, run, policy)))

    return [
        Route("/api/runs", list_runs, methods=["GET"]),
        Route("/api/runs/{run_id}", show_run, methods=["GET"]),
        Route("/api/gates/{roadmap}/{phase}", show_gate, methods=["GET"]),
    ]


def _list_runs(store: Store, limit: int) -> list[dict[str, Any]]:
    with RunStore(store) as runs:
        return runs.list_runs(limit=limit)


def _load_run(store: Store, run_id: str) -> dict[str, Any]:
    from engine.run_summaries import load_summary

    return load_summary(store, run_id)


def _check_gate(store: Store, roadmap: str, phase: int, run: str | None, policy: str) -> dict[str, Any]:
    from engine.roadmap.gates import check_gate, check_policy
    from engine.roadmap.roadmaps import list_roadmap_names, load_roadmap
    from engine.roadmap.sign_offs import build_evidence, hash_evidence, review_sign_offs

    if roadmap not in list_roadmap_names():  # the command line takes a file's path too; the API reads no files by name
        raise UnknownNameError("roadmap", roadmap[:80], list_roadmap_names())
    plan = load_roadmap(roadmap)
    numbers = [str(known.number) for known in plan.phases]
    if str(phase) not in numbers:
        raise UnknownNameError("phase", str(phase), numbers)
    found = check_gate(plan, phase, store, run_id=run, policy=check_policy(policy))
    signed = [row.as_json() for row in review_sign_offs(store, plan, phase, gate=found)]
    return found.as_json() | {"evidence_hash": hash_evidence(build_evidence(found)), "signoffs": signed}


def _read_whole(text: str, name: str, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most:
        return int(text)
    problem = f"expected a whole number of 1 to {most}"
    raise InputError(f"{name}: {problem}.", f"Such as {name}=1", fields={name: problem})
