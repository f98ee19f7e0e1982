"""A question at a door, and what is noted down about it until it is answered."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.errors import InputError, LimitError, PhasegateError
from engine.settings import PipelineSettings
from engine.store.liveness import utc_now
from engine.telemetry import RequestRecord, Trace
from engine.types import Answer

History = Sequence[tuple[str, str]]
OWN_DOORS = ("cli", "run")
"""Doors of this machine's own commands: no quota counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question at a door.

    Attributes:
        session: id of the conversation that it belongs to; empty for none.
        history: earlier turns that the caller brings along; None takes those of the session.
        door: screen, api, cli or run.
        asker: name of the person or token; empty where nobody signs in.
        address: where the request comes from; empty on a screen and on the command line.
        cache: an answer that was given before will do.
        correlation_id: the door's own id of the request; empty lets serving make one.
    """

    question: str
    corpus: str
    settings: PipelineSettings
    session: str = ""
    history: History | None = None
    door: str = "screen"
    asker: str = ""
    address: str = ""
    cache: bool = True
    correlation_id: str = ""


@dataclass(slots=True)
class OpenRequest:
    """What is known of a request while it is answered."""

    asked: Asked
    trace: Trace = field(init=False)
    asked_at: datetime = field(default_factory=utc_now)
    question: str = ""
    standalone: str = ""
    first_text_ms: float | None = None
    outcome: str = "error"
    reason: str = ""
    answer: Answer | None = None

    def __post_init__(self) -> None:
        self.trace = Trace(self.asked.correlation_id or uuid.uuid4().hex[:16])

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the question came in."""
        return 1000 * (time.perf_counter() - self.trace.started)

    def note_text(self) -> None:
        """The first text has been handed over, if it had not."""
        if self.first_text_ms is None:
            self.first_text_ms = self.elapsed_ms

    def end(self, answer: Answer) -> None:
        """It was answered."""
        self.answer = answer
        self.reason = "; ".join(answer.degraded)
        self.outcome = "degraded" if answer.degraded else "abstained" if answer.abstained else "answered"

    def fail(self, error: BaseException) -> None:
        """It was not answered. The reason names no text that was asked."""
        if isinstance(error, LimitError | InputError):
            self.outcome = "refused"
        elif isinstance(error, Exception):
            self.outcome = "error"
        else:
            self.outcome = "cancelled"
        ours = isinstance(error, PhasegateError)
        self.reason = f"{type(error).__name__}: {error}" if ours else type(error).__name__

    def as_record(self, question: str) -> RequestRecord:
        """The row of the store; ``question`` without personal data."""
        answer, asked = self.answer, self.asked
        tokens = answer.tokens if answer and not answer.cache_tier else {}
        timings = answer.timings_ms if answer else {}
        searched = [timings[name] for name in ("embed", "search", "fetch", "dense", "lexical") if name in timings]
        return RequestRecord(
            correlation_id=self.trace.correlation_id,
            asked_at=self.asked_at,
            door=asked.door,
            corpus=asked.corpus,
            session=asked.session,
            asker=asked.asker or _hash_address(asked.address),
            question=question,
            outcome=self.outcome,
            reason=self.reason,
            cache_tier=answer.cache_tier if answer else None,
            provider=answer.provider if answer else "",
            total_ms=self.elapsed_ms,
            first_text_ms=self.first_text_ms,
            retrieval_ms=sum(searched) if searched else None,
            chunks=len(answer.retrieved) if answer else 0,
            context_quality=answer.context.quality if answer else None,
            prompt_tokens=int(tokens.get("prompt", 0)),
            completion_tokens=int(tokens.get("completion", 0)),
            cost_usd=answer.cost_usd if answer and not answer.cache_tier else 0.0,
            trace=self.trace.as_json(),
        )


def _hash_address(address: str) -> str:
    """Addresses are told apart, not kept."""
    return f"address-{hashlib.sha256(address.encode()).hexdigest()[:10]}" if address else ""
