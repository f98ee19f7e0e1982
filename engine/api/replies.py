"""Replies of the API: JSON, and errors as ``{"error": {message, hint, fields, guide, correlation_id}}``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from engine.errors import (
    AccessError,
    DiskFullError,
    IndexMismatchError,
    InputError,
    LimitError,
    PhasegateError,
    ProviderError,
    QuotaError,
    RefusedError,
    StoreError,
    UnknownNameError,
)
from engine.guard.validation import name_fields
from engine.json_values import encode_value

# The first that fits decides; a subclass stands before its parent.
STATUSES: tuple[tuple[type[PhasegateError], int], ...] = (
    (UnknownNameError, 404),
    (IndexMismatchError, 409),
    (RefusedError, 422),
    (InputError, 400),
    (QuotaError, 429),
    (LimitError, 503),
    (AccessError, 403),
    (ProviderError, 502),
    (StoreError, 503),
    (DiskFullError, 507),
)
# What a request sets rather than looks for.
NAMED_IN_BODIES = ("preset", "setting", "prompt", "provider", "model", "environment", "policy", "field of a profile")


class ApiError(Exception):
    """A refusal that has a status of its own in HTTP: method, content type, size, access."""

    def __init__(
        self, status: int, message: str, hint: str = "", *, headers: Mapping[str, str] | None = None, guide: str = ""
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.hint = status, message, hint
        self.headers, self.guide = dict(headers or {}), guide


def find_status(error: PhasegateError) -> int:
    """The HTTP status of one of our errors."""
    if isinstance(error, UnknownNameError) and error.kind in NAMED_IN_BODIES:
        return 400
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def describe_error(error: PhasegateError | ApiError, correlation_id: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of an error."""
    if isinstance(error, ApiError):
        status, headers, fields = error.status, dict(error.headers), {}
    else:
        status, headers, fields = find_status(error), {}, name_fields(error)
        if isinstance(error, UnknownNameError) and error.kind == "corpus":
            fields = {"corpus": "there is no corpus of that name"}
    body: dict[str, Any] = {
        "message": error.message,
        "hint": error.hint,
        "fields": [{"field": field, "problem": problem} for field, problem in fields.items()],
        "guide": error.guide or "docs/guide/api.md",
        "correlation_id": correlation_id,
    }
    if isinstance(error, LimitError):
        seconds = max(1, math.ceil(error.retry_after_s))
        headers["Retry-After"], body["retry_after_s"] = str(seconds), seconds
    elif isinstance(error, StoreError):
        headers["Retry-After"] = "5"
    return status, {"error": body}, headers


def reply_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON reply; text is sent as it is, in UTF-8."""
    return Response(encode_json(value), status, dict(headers or {}), media_type="application/json")


def reply_error(error: PhasegateError | ApiError, correlation_id: str) -> Response:
    """The reply of an error."""
    status, body, headers = describe_error(error, correlation_id)
    return reply_json(body, status, headers)


def encode_json(value: object) -> bytes:
    """JSON on one line. Halves of surrogate pairs, which UTF-8 has no bytes for, become question marks."""
    text = json.dumps(value, default=encode_value, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace")
