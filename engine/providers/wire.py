"""Connections to providers: one pooled session on the process's loop, and how far each exchange over it has come.

An :class:`Exchange` knows whether its call still connects, waits for its first word or reads, because the session tells
it; so each of these is given its own time, whichever way litellm takes to the provider.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from engine.errors import ProviderError
from engine.providers.errors import ERRORS
from engine.providers.specs import ProviderSpec

if TYPE_CHECKING:
    import aiohttp

KEEP_ALIVE_S = 30.0
CLOSING_S = 1.0
PREPARING, CONNECTING, WAITING, READING = "preparing", "connecting", "waiting", "reading"
_UNREADABLE = ("text/html", "text/plain", "application/xml", "text/xml")
_EXCHANGE: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
_SESSIONS: dict[int, aiohttp.ClientSession] = {}


@dataclass(slots=True, eq=False)
class Exchange:
    """One attempt at a provider, as the wire sees it. An async context manager: inside, its times are kept.

    Attributes:
        streamed: whether the first word is waited for by itself; a reply asked whole comes with its last one.
        phase: preparing, connecting, waiting or reading.
        retry_after_s: what the provider asked for, if it did.
        started: when the session was first asked to send, on the clock of ``time.monotonic``; before that, when the attempt
            began. What litellm takes to prepare its first call, which is seconds, is not the provider's time.
    """

    spec: ProviderSpec
    streamed: bool
    phase: str = PREPARING
    content_type: str = ""
    status: int = 0
    retry_after_s: float | None = None
    started: float = field(default_factory=time.monotonic)
    first_token_ms: float | None = None
    _response: Any = None
    _timeout: asyncio.Timeout | None = None
    _token: Any = None

    async def __aenter__(self) -> Exchange:
        self._token = _EXCHANGE.set(self)
        self._timeout = asyncio.timeout(None)
        await self._timeout.__aenter__()
        # A provider that litellm does not ask over our session tells nothing of its connecting: it stays at preparing.
        self._allow(self.spec.connect_timeout_s + self._first_wait_s)
        return self

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        _EXCHANGE.reset(self._token)
        assert self._timeout is not None
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError as timeout:
            raise self.explain_timeout() from timeout
        finally:
            if self._response is not None:
                self._response.close()  # what has been read whole went back to the pool before; this ends the rest

    @property
    def ms(self) -> float:
        """Milliseconds since ``started``."""
        return 1000 * (time.monotonic() - self.started)

    def note_text(self) -> None:
        """A piece of text has come."""
        if self.first_token_ms is None:
            self.first_token_ms = self.ms
            self.phase = READING
            self._allow(self.spec.total_timeout_s)

    def note_connecting(self) -> None:
        """The session opens a connection."""
        self._begin()
        self.phase = CONNECTING
        self._allow(self.spec.connect_timeout_s)

    def note_connected(self) -> None:
        """The session has a connection."""
        self._begin()
        self.phase = WAITING
        self._allow(self._first_wait_s)

    def note_response(self, response: aiohttp.ClientResponse) -> None:
        """The headers of a reply are there."""
        self._response = response
        self.content_type, self.status = response.content_type, response.status
        self.retry_after_s = read_retry_after(response.headers.get("Retry-After", ""), response.headers.get("Date", ""))

    @property
    def unreadable(self) -> bool:
        """Whether the reply is of a kind that no model gives, such as a page of HTML."""
        return self.content_type in _UNREADABLE

    def explain_timeout(self) -> ProviderError:
        """What was waited for too long."""
        spec = self.spec
        if self.phase == CONNECTING:
            what = f"could not be reached in {spec.connect_timeout_s:g} s"
        elif self.phase == PREPARING:
            what = f"did not answer in {self.ms / 1000:.3g} s"
        elif self.phase == WAITING and self.streamed and self.ms < 1000 * spec.total_timeout_s:
            what = f"did not say a first word in {spec.first_token_timeout_s:g} s"
        else:
            what = f"did not finish in {spec.total_timeout_s:g} s"
        return ProviderError(
            f"The model {spec.model} {what} (Timeout).",
            ERRORS["Timeout"][2],
            fails_over=True,
            kind="Timeout",
        )

    @property
    def _first_wait_s(self) -> float:
        return self.spec.first_token_timeout_s if self.streamed else self.spec.total_timeout_s

    def _begin(self) -> None:
        if self.phase == PREPARING:
            self.started = time.monotonic()

    def _allow(self, seconds: float) -> None:
        """Seconds from now, and never beyond the total."""
        if self._timeout is None or self._timeout.expired():
            return
        left = self.spec.total_timeout_s - (time.monotonic() - self.started)
        self._timeout.reschedule(asyncio.get_running_loop().time() + min(seconds, left))


def read_retry_after(value: str, sent: str = "") -> float | None:
    """Seconds of a ``Retry-After``, written as a number or a date; None where there is none or it cannot be read.

    Args:
        sent: the reply's own ``Date``. A date is counted from it: this machine's clock may be wrong.
    """
    try:
        return max(0.0, float(value)) if isfinite(float(value)) else None
    except ValueError:
        pass
    if (when := _read_date(value)) is None:
        return None
    return max(0.0, (when - (_read_date(sent) or datetime.now(UTC))).total_seconds())


def _read_date(value: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return when.replace(tzinfo=when.tzinfo or UTC)


def open_session() -> aiohttp.ClientSession:
    """The session of the loop that runs; how many calls are in flight is limited before they reach it."""
    import aiohttp

    loop = asyncio.get_running_loop()
    session = _SESSIONS.get(id(loop))
    if session is None or session.closed:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S)
        session = aiohttp.ClientSession(connector=connector, trace_configs=[_build_trace()])
        _SESSIONS[id(loop)] = session
        atexit.register(_close_at_exit, loop)  # before the loop itself is stopped, which was registered earlier
    return session


async def close_session() -> None:
    """Close the session of the loop that runs."""
    session = _SESSIONS.pop(id(asyncio.get_running_loop()), None)
    if session is not None:
        await session.close()


def _close_at_exit(loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(Exception):  # the process is going: nobody is left to be told
        asyncio.run_coroutine_threadsafe(close_session(), loop).result(CLOSING_S)


def lend_session(litellm: ModuleType) -> None:
    """Have litellm stream over our session too: it hands the session on for whole replies only, else takes a client from
    its cache. So that cache gives a client of ours where it has none, whenever it let the last one go."""
    from litellm.caching.llm_caching_handler import LLMClientCache
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    class LendingCache(LLMClientCache):
        def get_cache(self, key: str, **given: Any) -> Any:
            found = super().get_cache(key, **given)
            if found is None and key.startswith("async_httpx_client") and (session := _find_session()) is not None:
                found = AsyncHTTPHandler(shared_session=session)
                self.set_cache(key, found)
            return found

    litellm.in_memory_llm_clients_cache = LendingCache()


def _find_session() -> aiohttp.ClientSession | None:
    try:
        session = _SESSIONS.get(id(asyncio.get_running_loop()))
    except RuntimeError:
        return None
    return None if session is None or session.closed else session


def _build_trace() -> aiohttp.TraceConfig:
    import aiohttp

    async def connecting(*_: object) -> None:
        if (exchange := _EXCHANGE.get()) is not None:
            exchange.note_connecting()

    async def connected(*_: object) -> None:
        if (exchange := _EXCHANGE.get()) is not None:
            exchange.note_connected()

    async def answered(_: object, __: SimpleNamespace, found: aiohttp.TraceRequestEndParams) -> None:
        if (exchange := _EXCHANGE.get()) is not None:
            exchange.note_response(found.response)

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_start.append(connecting)  # type: ignore[arg-type]  # aiohttp wants protocols of its own
    trace.on_connection_create_end.append(connected)  # type: ignore[arg-type]
    trace.on_connection_reuseconn.append(connected)  # type: ignore[arg-type]
    trace.on_request_end.append(answered)  # type: ignore[arg-type]
    return trace
