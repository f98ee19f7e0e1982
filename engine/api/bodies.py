"""Reads a request's body: JSON in UTF-8, at most one megabyte, within ten seconds, checked by a model."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request

from engine.api.replies import ApiError
from engine.errors import InputError
from engine.guard.validation import check_body

Body = TypeVar("Body", bound=BaseModel)
LARGEST_BODY = 1_000_000
READ_S = 10.0


async def read_body(request: Request, model: type[Body]) -> Body:
    """The body as the model.

    Raises:
        ApiError: 415 another content type, 413 too large (said as soon as that is known), 408 too slow.
        InputError: no JSON, or wrong fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # Also what keeps a foreign page out: a form may send text/plain anywhere unasked, JSON needs our consent.
        raise ApiError(415, f"The content type is {kind[:80]!r}; expected application/json.", "Send JSON.")
    return check_body(model, _parse(await _read(request)))


async def _read(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > LARGEST_BODY:
        raise _too_large()
    taken = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for piece in request.stream():
                taken += piece
                if len(taken) > LARGEST_BODY:
                    raise _too_large()
    except TimeoutError:
        raise ApiError(408, f"The body did not arrive within {READ_S:.0f} s.", "Send it at once.") from None
    except ClientDisconnect:
        raise ApiError(400, "The connection was closed before the body was complete.") from None
    return bytes(taken)


def _too_large() -> ApiError:
    return ApiError(
        413,
        f"The body is larger than {LARGEST_BODY:,} bytes.",
        "Send less; documents are ingested, not sent with a question.",
        headers={"Connection": "close"},
    )


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not UTF-8"
    except json.JSONDecodeError as error:
        problem = f"{error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        problem = "it is nested too deeply"
    except ValueError as error:  # NaN and its like, and numbers of thousands of digits
        problem = str(error)[:100]
    raise InputError(f"The body is no JSON: {problem}.", "Send one JSON object.", fields={"": "no JSON"})


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
