"""A target behind an HTTP address: one request a question, retried while an error may pass, cut off at its limits.

All requests run on one event loop in a thread of its own, so that the limit of time holds whatever the server does:
it may hang before a byte, drip headers, or stream for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from engine.errors import TargetError
from engine.evaluation.foreign_answers import AnswerBuilder
from engine.evaluation.target_http_replies import LOOK, Exchange, PassingError, read_body
from engine.evaluation.target_replies import Reply, describe_shape, read_reply
from engine.evaluation.target_requests import render_request
from engine.evaluation.target_secrets import fill_variables, is_remote, show_address
from engine.evaluation.target_specs import TargetSpec
from engine.evaluation.targets import History, limit_seconds
from engine.types import Answer, Gap

if TYPE_CHECKING:
    import httpx

FIRST_WAIT_S = 0.5
MOST_REDIRECTS = 3
# All attempts and pauses of one question together; the limits of a target end it long before.
LONGEST_S = 7 * 86_400.0
CLOSE_S = 10.0


class HttpTarget:
    """An HTTP endpoint. Safe to use from several threads; ``close`` ends its connections."""

    def __init__(self, spec: TargetSpec, builder: AnswerBuilder) -> None:
        import httpx

        assert spec.http is not None
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses
        self.name, self.concurrency = spec.name, spec.limits.concurrency
        self._call, self._limits, self._builder = spec.http, spec.limits, builder
        self._address = show_address(spec.http.url)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"target-{spec.name}", daemon=True)
        self._thread.start()
        self._slots = asyncio.Semaphore(spec.limits.concurrency)
        self._next_slot = 0.0
        self._counts = {"requests": 0, "retries": 0}
        self.last_shape = ""
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(spec.limits.timeout_s, connect=spec.limits.connect_timeout_s),
            limits=httpx.Limits(max_connections=spec.limits.concurrency),
            follow_redirects=False,
            trust_env=is_remote(spec.http.url),  # a proxy of the environment cannot reach this machine
        )

    def ask(self, question: str, history: History = ()) -> Answer:
        """Sends a question.

        Raises:
            TargetError: no reply, or none as agreed; after the attempts that the limits allow.
            InputError: an environment variable is not set.
        """
        exchange, reply = self.exchange(question, history)
        missing = None
        if reply.contexts is None:
            path = self._call.reply.contexts
            missing = (
                Gap(f"the reply had nothing at {path}") if path else Gap("the target returns no contexts", fails=False)
            )
        return self._builder.build(question, reply, exchange.timings_ms, missing)

    def exchange(self, question: str, history: History = ()) -> tuple[Exchange, Reply]:
        """A question's exchange and its reply, before anything is made of it."""
        exchange = self.send(question, history)
        self.last_shape = describe_shape(exchange.body)
        paths = {name: getattr(self._call.reply, name) for name in self._call.reply.__slots__}
        import jmespath

        try:
            values = {name: jmespath.search(path, exchange.body) if path else None for name, path in paths.items()}
        except jmespath.exceptions.JMESPathError as error:
            raise TargetError(
                f"The reply is not as agreed: a path of the target cannot be followed ({type(error).__name__});"
                f" the reply is {describe_shape(exchange.body)}.",
                "Change the paths of the target.",
            ) from None
        return exchange, read_reply(values, paths, exchange.body)

    def send(self, question: str, history: History = ()) -> Exchange:
        """Sends a question and reads the reply as JSON."""
        body = render_request(self._call.request, question, history)
        exchange = Exchange()
        self._run(self._send(exchange, body), limit_seconds(LONGEST_S))
        return exchange

    def describe(self) -> dict[str, Any]:
        """Requests sent and how many of them were repetitions."""
        return dict(self._counts)

    def close(self) -> None:
        """Closes the connections and ends the thread."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(TargetError):
            self._run(self._shut(), CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _shut(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}  # of questions that nobody waits for any more
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()

    def _run(self, work: Coroutine[Any, Any, None], seconds: float) -> None:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise TargetError(
                f"{self._address} gave no complete reply within the time that the case has.", LOOK
            ) from None
        except BaseException:
            future.cancel()
            raise

    async def _send(self, exchange: Exchange, body: Any) -> None:
        from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

        def choose_wait(state: RetryCallState) -> float:
            """What the server asks for, else exponential with full jitter (Brooker 2015)."""
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait_s if isinstance(error, PassingError) else None
            if asked is not None:
                return asked + random.uniform(0, 0.1)
            return random.uniform(0.1, FIRST_WAIT_S * 2 ** (state.attempt_number - 1))

        def may_pass(error: BaseException) -> bool:
            return isinstance(error, PassingError) and (error.wait_s or 0.0) <= self._limits.longest_wait_s

        started = time.perf_counter()
        async with self._slots:
            exchange.waiting_s += time.perf_counter() - started
            retrying = AsyncRetrying(
                stop=stop_after_attempt(self._limits.attempts),
                wait=choose_wait,
                retry=retry_if_exception(may_pass),
                reraise=True,
            )
            async for attempt in retrying:
                with attempt:
                    await self._wait_for_turn(exchange)
                    await self._attempt(exchange, body)

    async def _wait_for_turn(self, exchange: Exchange) -> None:
        rate = self._limits.requests_per_second
        if rate is None:
            return
        now = time.perf_counter()
        turn = max(self._next_slot, now)
        self._next_slot = turn + 1 / rate
        await asyncio.sleep(turn - now)
        exchange.waiting_s += time.perf_counter() - now

    async def _attempt(self, exchange: Exchange, body: Any) -> None:
        import httpx

        exchange.attempts += 1
        self._counts["requests"] += 1
        self._counts["retries"] += exchange.attempts > 1
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                response, content = await self._fetch(body)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout):
            raise TargetError(
                f"{self._address} gave no complete reply within {self._limits.timeout_s:g} s.",
                "Look why it is slow, or raise limits.timeout_s of the target.",
            ) from None
        except httpx.ConnectTimeout:
            seconds = self._limits.connect_timeout_s
            raise PassingError(f"{self._address} could not be reached within {seconds:g} s.", _REACH) from None
        except httpx.ConnectError:
            raise PassingError(f"{self._address} cannot be reached.", _REACH) from None
        except httpx.DecodingError:
            raise TargetError(f"{self._address} sent a reply whose compression is broken.", LOOK) from None
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            raise PassingError(f"{self._address} closed the connection before its reply was complete.", LOOK) from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise TargetError(f"{self._address}: the request failed ({type(error).__name__}).", _REACH) from None
        exchange.request_s = time.perf_counter() - started
        exchange.status = response.status_code
        exchange.body = read_body(self._address, response, content, self._limits.longest_wait_s)

    async def _fetch(self, body: Any) -> tuple[httpx.Response, bytes]:
        """The response and its body, redirects within the same server followed."""
        headers = {name: fill_variables(value) for name, value in self._call.headers.items()}
        url = fill_variables(self._call.url)
        if self._call.method == "GET":
            request = self._client.build_request("GET", url, headers=headers)
            request.url = request.url.copy_merge_params(body)
        else:
            request = self._client.build_request(self._call.method, url, headers=headers, json=body)
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._client.send(request, stream=True)
            try:
                if response.has_redirect_location:
                    request = self._follow(response)
                    continue
                return response, await self._read_limited(response)
            finally:
                await response.aclose()
        raise TargetError(f"{self._address} redirects more than {MOST_REDIRECTS} times.", LOOK)

    def _follow(self, response: httpx.Response) -> httpx.Request:
        here, following = response.request, response.next_request
        same = following is not None and all(
            getattr(following.url, part) == getattr(here.url, part) for part in ("scheme", "host", "port")
        )
        if following is None or not same:
            raise TargetError(
                f"{self._address} redirects to another server, which is not followed.", "Give the new address itself."
            )
        if following.method != here.method:
            raise TargetError(
                f"{self._address} redirects with status {response.status_code}, which would drop the question.",
                "Give the new address itself.",
            )
        return following

    async def _read_limited(self, response: httpx.Response) -> bytes:
        content, most = bytearray(), 1024 * self._limits.max_reply_kb
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > most:
                raise TargetError(
                    f"{self._address} sent more than {self._limits.max_reply_kb:,} KB; the rest was not read.",
                    "Ask the target for less, or raise limits.max_reply_kb of the target.",
                )
        return bytes(content)


_REACH = "Check the address, and that the server runs."
