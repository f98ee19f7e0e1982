"""What an HTTP reply is: JSON as agreed, an error that may pass, an error that stays, or garbage."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn

from engine.errors import TargetError

if TYPE_CHECKING:
    import httpx

LOOK = "Look into the target's own log."
PASSING = (408, 425, 429, 500, 502, 503, 504)
_WORDS = {
    401: "refused the credentials",
    403: "refused access",
    404: "has nothing at this address",
    429: "is asked too often",
}


class PassingError(TargetError):
    """An error that may pass. ``wait_s`` is how long the server asks to wait; None when it does not say."""

    def __init__(self, message: str, hint: str = "", *, wait_s: float | None = None) -> None:
        super().__init__(message, hint)
        self.wait_s = wait_s


class Exchange:
    """One question's way: how long what took, and what came."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.request_s = self.waiting_s = 0.0
        self.attempts = 0
        self.status = 0
        self.body: Any = None

    @property
    def timings_ms(self) -> dict[str, float]:
        """``total`` is the attempt that succeeded; ``waiting`` for the rate and ``retrying`` stand outside of it."""
        retrying = time.perf_counter() - self.started - self.request_s - self.waiting_s
        timings = {"request": 1000 * self.request_s}
        if self.waiting_s > 0.001:
            timings["waiting"] = 1000 * self.waiting_s
        if self.attempts > 1:
            timings["retrying"] = 1000 * max(0.0, retrying)
        return {**timings, "total": 1000 * self.request_s}


def read_body(address: str, response: httpx.Response, content: bytes, longest_wait_s: float) -> Any:
    """The JSON of a reply.

    Raises:
        PassingError: a status that may pass.
        TargetError: another status that is no success, or no JSON.
    """
    if not response.is_success:
        refuse_status(address, response, longest_wait_s)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        raise TargetError(f"{address}: expected JSON, found an event stream.", "Ask for whole replies (stream: false).")
    try:
        return json.loads(content)
    except UnicodeDecodeError:
        found = "bytes that are not UTF-8"
    except (ValueError, RecursionError) as error:
        found = _describe_garbage(content, error)
    raise TargetError(
        f"{address}: expected JSON, found {found} ({len(content):,} bytes, content type {kind[:40] or 'none'}).",
        LOOK,
    )


def refuse_status(address: str, response: httpx.Response, longest_wait_s: float) -> NoReturn:
    """Raise what a status means."""
    status = response.status_code
    words = _WORDS.get(status, "failed" if status >= 500 else "refused the request")
    message = f"{address} {words} (HTTP status {status})."
    if status in PASSING:
        wait = _read_wait(response.headers.get("retry-after", ""))
        if wait is not None and wait > longest_wait_s:
            message = f"{message[:-1]} and asks to wait {wait:,.0f} s, longer than limits.longest_wait_s allows."
        raise PassingError(message, "Look into the target's own log, or ask it less often.", wait_s=wait)
    raise TargetError(message, "Check the address, the headers and the request of the target.")


def _describe_garbage(content: bytes, error: Exception) -> str:
    start = content[:200].lstrip().lower()
    if not start:
        return "nothing"
    if start.startswith((b"<!doctype", b"<html", b"<")):
        return "HTML or XML"
    if start.startswith((b"data:", b"event:")):
        return "an event stream"
    if not start.startswith((b"{", b"[")):
        return "other text"
    if isinstance(error, json.JSONDecodeError):
        end = len(content.decode(errors="replace").rstrip()) - 1
        if error.pos >= end or error.msg.startswith("Unterminated string"):
            return "JSON that ends early"
    return "broken JSON"


def _read_wait(text: str) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
