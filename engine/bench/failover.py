"""A provider killed in the middle of 200 requests: what becomes of each, how long it takes, what the breaker did.

Two scripted servers are processes of their own; the first gets SIGKILL while its calls are in flight, and later comes back.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.bench.figures import latency_figures
from engine.bench.scripted_model import ScriptedModel
from engine.errors import ProviderError
from engine.providers.breaker import BreakerRule
from engine.providers.chain import ChatReply, ChatRequest, ModelChain
from engine.providers.loop import run_async
from engine.telemetry import CallRecord, SilentRecorder, recording
from engine.types import Restarted

REQUESTS = 200
AT_ONCE = 20
DELAY_S, TOKEN_DELAY_S = 0.05, 0.02
SAID = "the answer to {question} is here and it is ten words long"
COOL_DOWN_S = 2.0
LONGEST_RETURN_S = 30.0
FIRST, SECOND = "first", "second"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What one request came to. ``texts``: answers that reached the asker whole, which must be one."""

    number: int
    texts: tuple[str, ...]
    provider: str
    refused: str
    ms: float
    restarts: int


@dataclass(slots=True)
class Calls(SilentRecorder):
    """Calls with the second at which each ended."""

    calls: list[tuple[float, CallRecord]] = field(default_factory=list)

    def record_call(self, call: CallRecord) -> None:
        """Keep it."""
        self.calls.append((time.monotonic(), call))


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Half of the requests are streamed. ``failover_ms``: from the first failed call to the first answer by the second."""
    calls = Calls()
    options: dict[str, Any] = {"reply": SAID, "process": True}
    with (
        ScriptedModel(DELAY_S, TOKEN_DELAY_S, **options) as first,
        ScriptedModel(DELAY_S, TOKEN_DELAY_S, **options) as second,
    ):
        rule = BreakerRule(cool_down_s=COOL_DOWN_S)
        chain = ModelChain([first.make_spec(FIRST), second.make_spec(SECOND)], breaker=rule)
        for number in (1, 2, 3, 4):  # loads what litellm needs, whole and streamed
            run_async(_serve(chain, number))
        with recording(calls):
            served = run_async(_serve_all(chain, first))
            first.restart()
            back_s = run_async(_wait_for_return(chain))
        breaker = chain.describe()[0]
    return {"stand_in": False, **_describe(served, calls), "returned_after_s": back_s, **_tell_breaker(breaker)}


def _ask(number: int) -> ChatRequest:
    return ChatRequest(messages=({"role": "user", "content": f"question-{number}"},), purpose="bench")


async def _serve_all(chain: ModelChain, first: ScriptedModel) -> list[Served]:
    gate, begun = asyncio.Semaphore(AT_ONCE), 0

    async def serve(number: int) -> Served:
        nonlocal begun
        async with gate:
            begun += 1
            if begun == REQUESTS // 2:
                await asyncio.to_thread(first.kill)
            return await _serve(chain, number)

    return list(await asyncio.gather(*(serve(number) for number in range(1, REQUESTS + 1))))


async def _serve(chain: ModelChain, number: int) -> Served:
    started, restarts, texts, text, provider, refused = time.perf_counter(), 0, [], "", "", ""
    try:
        if number % 2:
            reply = await chain.complete(_ask(number))
            texts, provider = [reply.text], reply.provider
        else:
            async for item in chain.stream(_ask(number)):
                if isinstance(item, Restarted):
                    restarts, text = restarts + 1, ""
                elif isinstance(item, ChatReply):
                    texts.append(text.strip())
                    provider = item.provider
                else:
                    text += item
    except ProviderError as error:
        refused = error.kind
    ms = 1000 * (time.perf_counter() - started)
    return Served(number=number, texts=tuple(texts), provider=provider, refused=refused, ms=ms, restarts=restarts)


async def _wait_for_return(chain: ModelChain) -> float | None:
    """Seconds after its restart until the first provider answers again."""
    started = time.monotonic()
    while time.monotonic() - started < LONGEST_RETURN_S:
        if (await chain.complete(_ask(0))).provider == FIRST:
            return round(time.monotonic() - started, 3)
        await asyncio.sleep(0.1)
    return None


def _describe(served: Sequence[Served], calls: Calls) -> dict[str, Any]:
    expected = {s.number: SAID.replace("{question}", f"question-{s.number}") for s in served}
    failed = [at for at, call in calls.calls if call.provider == FIRST and call.outcome != "ok"]
    after = [at for at, call in calls.calls if call.provider == SECOND and call.outcome == "ok"]
    return {
        "requests": len(served),
        "answered": sum(s.texts == (expected[s.number],) for s in served),
        "refused": sum(bool(s.refused) for s in served),
        "neither_or_wrong": sum(not s.refused and s.texts != (expected[s.number],) for s in served),
        "answered_twice": sum(len(s.texts) > 1 for s in served),
        "by_provider": dict(Counter(s.provider for s in served if s.provider)),
        "streams_begun_anew": sum(s.restarts for s in served),
        "failed_calls": dict(Counter(c.outcome for _, c in calls.calls if c.outcome != "ok")),
        "failover_ms": round(1000 * (min(after) - min(failed)), 1) if failed and after else None,
        "request_ms": latency_figures([s.ms for s in served]),
    }


def _tell_breaker(breaker: Mapping[str, Any]) -> dict[str, Any]:
    states = [change["state"] for change in breaker["changes"]]
    cycles = states[:1] == ["open"] and states[-2:] == ["half_open", "closed"]
    return {"breaker_changes": states, "breaker_history_right": cycles and _follows(states)}


def _follows(states: Sequence[str]) -> bool:
    """open, then half_open, then open again or closed, and so on."""
    allowed = {("open", "half_open"), ("half_open", "open"), ("half_open", "closed"), ("closed", "open")}
    return all(pair in allowed for pair in pairwise(states))
