"""What serving leaves behind: records of requests, calls and caches, the trace of a request, and who receives them.

Every layer writes to the recorder and the trace of the context that it runs in; without either, what it writes is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One attempt at a provider. ``cost_usd`` is None where no price is known; ``outcome`` is ``ok`` or what failed."""

    correlation_id: str
    provider: str
    model: str
    purpose: str
    attempt: int
    started_at: datetime
    ms: float
    first_token_ms: float | None
    outcome: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerChange:
    """A provider's circuit breaker went over to ``state``: closed, open or half_open."""

    provider: str
    changed_at: datetime
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEvent:
    """What a tier did: hit, miss, stale, evicted, stored or joined (waited for the same question in flight)."""

    tier: str
    event: str
    saved_ms: float = 0.0
    saved_usd: float = 0.0
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One question at a door and what became of it; the columns of the table ``requests``.

    Attributes:
        outcome: answered, abstained, degraded, refused, error or cancelled.
        reason: of degraded, refused and error.
        trace: spans as ``Trace.as_json`` gives them.
    """

    correlation_id: str
    asked_at: datetime
    door: str
    corpus: str
    session: str
    asker: str
    question: str
    outcome: str
    reason: str
    cache_tier: str | None
    provider: str
    total_ms: float
    first_text_ms: float | None
    retrieval_ms: float | None
    chunks: int
    context_quality: float | None
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    trace: list[dict[str, Any]]


class Recorder(Protocol):
    """Receives records. Must return at once and never raise: serving does not wait for its observers."""

    def record_request(self, request: RequestRecord) -> None: ...
    def record_call(self, call: CallRecord) -> None: ...
    def record_breaker(self, change: BreakerChange) -> None: ...
    def record_cache(self, event: CacheEvent) -> None: ...


class SilentRecorder:
    """Drops what it gets."""

    def record_request(self, request: RequestRecord) -> None:
        """Drops it."""

    def record_call(self, call: CallRecord) -> None:
        """Drops it."""

    def record_breaker(self, change: BreakerChange) -> None:
        """Drops it."""

    def record_cache(self, event: CacheEvent) -> None:
        """Drops it."""


@dataclass(slots=True)
class Span:
    """A stage of a request: milliseconds from the request's start, and what was notable."""

    name: str
    start_ms: float
    ms: float
    attributes: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """As plain values; see ``Trace.as_json``."""
        told = {"name": self.name, "start_ms": round(self.start_ms, 3), "ms": round(self.ms, 3)}
        if not self.attributes:
            return told
        return told | {
            "attributes": {n: round(v, 4) if isinstance(v, float) else v for n, v in self.attributes.items()}
        }


@dataclass(slots=True)
class Trace:
    """The stages of one request, in the order in which they began; stages may overlap."""

    correlation_id: str
    started: float = field(default_factory=time.perf_counter)
    spans: list[Span] = field(default_factory=list)

    def as_json(self) -> list[dict[str, Any]]:
        """Spans as plain values, milliseconds rounded to thousandths; ``attributes`` only where there are any.

        They are most of what the record of a request takes.
        """
        return [span.as_json() for span in sorted(self.spans, key=lambda span: span.start_ms)]


TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)
RECORDER: ContextVar[Recorder] = ContextVar("recorder", default=SilentRecorder())  # noqa: B039 (it holds nothing)


def get_correlation_id() -> str:
    """The id of the request that this context serves; empty outside of one."""
    trace = TRACE.get()
    return trace.correlation_id if trace else ""


@contextmanager
def trace_span(name: str, attributes: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Time a stage of the request of this context; the dict that the block gets takes attributes. Never texts or keys."""
    notes = dict(attributes or {})
    trace = TRACE.get()
    started = time.perf_counter()
    try:
        yield notes
    except BaseException as error:
        notes.setdefault("error", type(error).__name__)
        raise
    finally:
        if trace is not None:
            now = time.perf_counter()
            trace.spans.append(Span(name, 1000 * (started - trace.started), 1000 * (now - started), notes))


@contextmanager
def recording(recorder: Recorder, trace: Trace | None = None) -> Iterator[None]:
    """Send what the block leaves behind to ``recorder``, its stages to ``trace``."""
    first = RECORDER.set(recorder)
    second = TRACE.set(trace)
    try:
        yield
    finally:
        TRACE.reset(second)
        RECORDER.reset(first)
