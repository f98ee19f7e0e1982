"""Stands before every route and screen: host, origin, token, quota; and turns errors into replies.

The routes of ``st.App`` have no protection of their own, so this is an ASGI middleware over all of the server.
"""

from __future__ import annotations

import logging
import traceback
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.api import sign_in
from engine.api.access import (
    Caller,
    DoorPolicy,
    TokenBook,
    check_host,
    check_origin,
    check_scope,
    is_loopback,
    read_policy,
)
from engine.api.parts import ApiParts, in_thread, serve_parts
from engine.api.refusals import RefusalLog
from engine.api.replies import ApiError, reply_error
from engine.api.streams import ClientGoneError
from engine.errors import PhasegateError
from engine.serving.quotas import Quotas

PROBES = ("/api/health/live", "/api/health/ready")
"""Answered to everybody: what starts and watches a container has no token."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
REFUSED = {401: "token", 403: "access"}
_log = logging.getLogger(__name__)


def guard_doors(address: str | None, parts: ApiParts | None = None) -> list[Middleware]:
    """The middleware of the served app. ``address``: what it listens on; None for every address."""
    return [Middleware(Door, policy=read_policy(address), parts=parts or serve_parts())]


class Door:
    """The middleware. ``scope["state"]`` of a request that is let in holds ``caller`` and ``correlation_id``."""

    def __init__(self, app: ASGIApp, policy: DoorPolicy, parts: ApiParts) -> None:
        self._app, self._policy, self._parts = app, policy, parts
        self._tokens = TokenBook(parts.store)
        self._refusals = RefusalLog(parts.store)
        self._quotas: Quotas | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and is_api(scope["path"]):
            await self._serve_api(scope, receive, send)
        else:
            await self._serve_screens(scope, receive, send)

    async def _serve_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        correlation_id = uuid.uuid4().hex[:16]
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        reply = _Reply(send, correlation_id)
        try:
            scope["state"]["caller"] = await self._admit(scope)
            await self._app(scope, receive, reply)
        except (ApiError, PhasegateError) as error:
            await self._refuse(error, scope, receive, reply)
        except ClientGoneError:
            return  # nobody is left to be answered
        except Exception as error:  # the top of a request: what we did not foresee must not show its inside
            _log.error("request %s failed: %s", correlation_id, locate(error))
            fault = ApiError(500, "The server failed at this request.", "Its log has the correlation id.")
            await self._refuse(fault, scope, receive, reply)

    async def _admit(self, scope: Scope) -> Caller:
        """Who is calling, once everything has been checked that can be without the body."""
        headers, path = Headers(scope=scope), scope["path"]
        address = find_address(scope)
        host = headers.get("host", "")
        check_host(self._policy, host)
        if path in PROBES:
            return Caller(name="", scopes=frozenset(), address=address)
        check_origin(host, headers)
        (await self._find_quotas()).check(address=address, reading=True)
        await self._refresh(_bearer(headers))
        local = is_loopback(address) and not any(name in headers for name in FORWARDED)
        caller = self._tokens.identify(_bearer(headers), address, local=local, policy=self._policy)
        check_scope(caller, scope_of(scope["method"], path))
        (await self._find_quotas()).check(user=caller.name, reading=True)
        if self._tokens.is_due(caller):
            await in_thread(lambda: self._tokens.note_use(caller))
        return caller

    async def _serve_screens(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The screens: open on loopback; where everybody signs in, to those who have."""
        headers = Headers(scope=scope)
        try:
            check_host(self._policy, headers.get("host", ""))
            if not self._policy.sign_in or await self._is_signed_in(scope, headers):
                await self._app(scope, receive, send)
            elif scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": "sign in first"})
            else:
                reply = await self._sign_in(Request(scope, receive), headers)
                await reply(scope, receive, send)
        except (ApiError, PhasegateError) as error:
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
            else:
                await self._refuse(error, scope, receive, _Reply(send, uuid.uuid4().hex[:16]))

    async def _is_signed_in(self, scope: Scope, headers: Headers) -> bool:
        if scope["path"] in (sign_in.SIGN_IN, sign_in.SIGN_OUT):
            return False
        return await self._holds(sign_in.read_cookie(headers.get("cookie", "")), scope)

    async def _holds(self, token: str | None, scope: Scope) -> bool:
        """Whether a token opens the screens."""
        if token is None:
            return False
        await self._refresh(token)
        try:
            caller = self._tokens.identify(token, find_address(scope), local=False, policy=self._policy)
            check_scope(caller, "screens")
        except ApiError:
            return False
        return True

    async def _sign_in(self, request: Request, headers: Headers) -> Response:
        path = request.scope["path"]
        if path == sign_in.SIGN_OUT:
            return sign_in.let_out()
        if path != sign_in.SIGN_IN or request.method not in ("POST", "GET", "HEAD"):
            target = path + (f"?{request.url.query}" if request.url.query else "")
            return sign_in.draw_sign_in(target if request.method == "GET" else "/")
        if request.method != "POST":
            return sign_in.draw_sign_in("/", status=200)
        check_origin(headers.get("host", ""), headers)
        (await self._find_quotas()).check(address=find_address(request.scope), reading=True)
        token, target = await sign_in.read_form(request)
        if await self._holds(token, request.scope):
            return sign_in.let_in(token, target, secure=request.url.scheme == "https")
        await self._note_refusal("sign-in", request.scope)
        return sign_in.draw_sign_in(target, "This token does not open the screens.")

    async def _find_quotas(self) -> Quotas:
        if self._quotas is None:  # opens the store
            self._quotas = await in_thread(self._parts.quotas)
        return self._quotas

    async def _refresh(self, token: str | None) -> None:
        """Know the tokens as they are now, one that was made a moment ago too."""
        if not self._tokens.is_fresh:
            await in_thread(self._tokens.read)
        if not self._tokens.knows(token):
            await in_thread(lambda: self._tokens.read(anew=True))

    async def _refuse(self, error: PhasegateError | ApiError, scope: Scope, receive: Receive, reply: _Reply) -> None:
        """Answer with the error, unless the reply has begun: then the connection can only be cut."""
        if isinstance(error, ApiError) and error.status in REFUSED:
            await self._note_refusal(REFUSED[error.status], scope)
        if reply.began:
            _log.error("request %s failed in the middle of its reply: %s", reply.correlation_id, type(error).__name__)
            raise ConnectionError("the reply was cut off")
        await reply_error(error, reply.correlation_id)(scope, receive, reply)

    async def _note_refusal(self, kind: str, scope: Scope) -> None:
        missed = self._refusals.count(kind)
        if missed is not None:
            address = find_address(scope)
            await in_thread(lambda: self._refusals.write(kind, address, scope["path"], missed))


class _Reply:
    """Sends on, adds our headers, and knows whether the reply has begun."""

    def __init__(self, send: Send, correlation_id: str) -> None:
        self._send = send
        self.correlation_id = correlation_id
        self.began = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.began = True
            headers = MutableHeaders(scope=message)
            for name, value in (
                ("X-Correlation-Id", self.correlation_id),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ):
                headers.setdefault(name, value)
        await self._send(message)


def locate(error: BaseException) -> str:
    """Kind and place of an error. Not its message: that may hold what somebody asked."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place


def is_api(path: str) -> bool:
    """Whether a path is a program's, not a screen."""
    return path.startswith(("/api/", "/metrics/")) or path in ("/api", "/metrics")


def scope_of(method: str, path: str) -> str:
    """What a token must allow: ask for questions, read for reading, config for every other change."""
    if path == "/api/ask":
        return "ask"
    return "read" if method in ("GET", "HEAD", "OPTIONS") else "config"


def find_address(scope: Scope) -> str:
    """The peer's address; behind a proxy on this machine the one that it names."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _bearer(headers: Headers) -> str | None:
    """The token that was sent; None without an Authorization header."""
    given = headers.get("authorization")
    if given is None:
        return None
    kind, _, token = given.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
