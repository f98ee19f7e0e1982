"""A provider at work: its breaker, its connections and its counts, the same ones for every chain of this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine.errors import ProviderError
from engine.providers.breaker import BreakerRule, CircuitBreaker, refuse_call
from engine.providers.chat import ChatReply, ChatRequest
from engine.providers.specs import ProviderSpec
from engine.providers.wire import Exchange
from engine.telemetry import RECORDER, CallRecord, get_correlation_id, trace_span

CONNECTIONS = 20


@dataclass(slots=True)
class ProviderState:
    """What all chains share about one provider."""

    breaker: CircuitBreaker
    gate: asyncio.Semaphore
    connections: int
    counts: dict[str, int] = field(
        default_factory=lambda: {"in_flight": 0, "calls": 0, "ok": 0, "failed": 0, "cancelled": 0}
    )
    last_failure: str = ""


@dataclass(slots=True)
class Attempt:
    """One attempt under way; whoever makes it sets ``reply`` when it went well."""

    exchange: Exchange
    reply: ChatReply | None = None


_STATES: dict[tuple[str, ...], ProviderState] = {}
_LOCK = threading.Lock()


class Provider:
    """A spec and the state that it shares with others of the same identity; ``apart`` keeps one of its own, for a trial."""

    def __init__(
        self,
        spec: ProviderSpec,
        connections: int = CONNECTIONS,
        rule: BreakerRule | None = None,
        *,
        apart: bool = False,
    ) -> None:
        self.spec = spec
        with _LOCK:
            state = None if apart else _STATES.get(spec.identity)
            if state is None or (rule is not None and state.breaker.rule != rule):
                breaker = CircuitBreaker(spec.name, rule)
                state = ProviderState(breaker, asyncio.Semaphore(connections), connections)
                if not apart:
                    _STATES[spec.identity] = state
            elif state.connections != connections:  # calls in flight give back the places that they took
                state.gate, state.connections = asyncio.Semaphore(connections), connections
        self._state = state

    @property
    def breaker(self) -> CircuitBreaker:
        """The provider's breaker."""
        return self._state.breaker

    def describe(self) -> dict[str, Any]:
        """Name, model, the breaker's state and the counts since the process began."""
        state = self._state
        return {
            "provider": self.spec.name,
            "model": self.spec.model,
            "connections": state.connections,
            **state.breaker.describe(),
            **{"total" if name == "calls" else name: count for name, count in state.counts.items()},
            "last_failure": state.last_failure,
        }

    @asynccontextmanager
    async def attempt(self, request: ChatRequest, number: int, *, streamed: bool) -> AsyncIterator[Attempt]:
        """One attempt: waits for a connection, asks the breaker, keeps the times, and leaves a record whatever happens.

        Raises:
            ProviderError: the breaker is open; else what the block raised, or that it took too long.
        """
        state, spec = self._state, self.spec
        async with state.gate:
            permit = state.breaker.admit()
            if permit is None:
                raise refuse_call(
                    spec.model, state.breaker, "Wait, or look at what it last failed with under Settings, Models."
                )
            started_at, outcome = datetime.now(UTC).replace(tzinfo=None), "cancelled"
            attempt = Attempt(Exchange(spec, streamed))
            state.counts["in_flight"] += 1
            notes = {"provider": spec.name, "model": spec.model, "attempt": number, "purpose": request.purpose}
            with trace_span("model", notes) as span:
                try:
                    async with attempt.exchange:
                        yield attempt
                    outcome = "ok"
                    permit.succeed()
                except ProviderError as error:
                    outcome, state.last_failure = error.kind, error.message
                    if error.fails_over:
                        permit.fail(error.kind)
                    raise
                finally:
                    permit.release()
                    state.counts["in_flight"] -= 1
                    state.counts["calls"] += 1
                    state.counts[outcome if outcome in ("ok", "cancelled") else "failed"] += 1
                    span["outcome"] = outcome
                    RECORDER.get().record_call(_record(spec, request, number, started_at, attempt, outcome))


def find_breaker(spec: ProviderSpec) -> dict[str, Any] | None:
    """The provider's breaker in this process (``CircuitBreaker.describe``); None when nothing was asked of it here."""
    with _LOCK:
        state = _STATES.get(spec.identity)
    return state.breaker.describe() if state else None


def _record(
    spec: ProviderSpec, request: ChatRequest, number: int, started_at: datetime, attempt: Attempt, outcome: str
) -> CallRecord:
    reply, exchange = attempt.reply, attempt.exchange
    return CallRecord(
        correlation_id=get_correlation_id(),
        provider=spec.name,
        model=reply.model if reply else spec.model,
        purpose=request.purpose,
        attempt=number,
        started_at=started_at,
        ms=round(exchange.ms, 3),
        first_token_ms=exchange.first_token_ms,
        outcome=outcome,
        prompt_tokens=reply.prompt_tokens if reply else 0,
        completion_tokens=reply.completion_tokens if reply else 0,
        cost_usd=reply.cost_usd if reply and reply.priced else None,
    )
