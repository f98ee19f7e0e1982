"""What the routes need of the rest: the store, the service that answers, the quotas. Tests bring their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from engine.guard.validation import AskBody
from engine.serving.asked import Asked
from engine.serving.quotas import Quotas
from engine.store import Store
from engine.types import Answer, Restarted

if TYPE_CHECKING:
    from engine.api.access import Caller
    from engine.serving.runtime import ServingRuntime

Value = TypeVar("Value")
# Reads of the store are short; without a limit every request in flight would grow a thread of its own.
MOST_THREADS = 8
_LIMITER: RunVar[CapacityLimiter | None] = RunVar("api-threads", None)


class AskService(Protocol):
    """Answers questions; raises errors of ours only."""

    async def answer_async(self, asked: Any) -> Answer: ...

    def stream_async(self, asked: Any) -> AsyncIterator[str | Restarted | Answer]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """Ways to what the routes stand on, each opened when it is first needed.

    Attributes:
        build_asked: body, caller and correlation id to what the service takes; may read the store.
    """

    store: Callable[[], Store]
    quotas: Callable[[], Quotas]
    service: Callable[[], AskService]
    build_asked: Callable[[AskBody, Caller, str], Any]


def serve_parts() -> ApiParts:
    """The parts of the served app: those of its one runtime."""
    return ApiParts(
        store=lambda: _find_runtime().store,
        quotas=lambda: _find_runtime().quotas,
        service=lambda: _find_runtime().service,
        build_asked=lambda body, caller, request: build_asked(_find_runtime(), body, caller, request),
    )


def build_asked(runtime: ServingRuntime, body: AskBody, caller: Caller, correlation_id: str) -> Asked:
    """What the service takes: the question with its settings resolved.

    Raises:
        SettingError: ``fields`` names the setting that cannot be.
    """
    body.resolve_settings()  # names the field that is wrong, which settings that were saved before could hide
    return Asked(
        question=body.question,
        corpus=body.corpus,
        settings=runtime.resolve_settings(body.preset, body.settings),
        session=body.session,
        history=tuple((turn.question, turn.answer) for turn in body.history) or None,
        door="api",
        asker=caller.name,
        address=caller.address,
        cache=body.cache,
        correlation_id=correlation_id,
    )


async def in_thread(work: Callable[[], Value]) -> Value:
    """Do blocking work beside the event loop."""
    limiter = _LIMITER.get(None)
    if limiter is None:
        limiter = CapacityLimiter(MOST_THREADS)
        _LIMITER.set(limiter)
    return await to_thread.run_sync(work, limiter=limiter)


def _find_runtime() -> ServingRuntime:
    from engine.serving.runtime import get_runtime  # what it stands on takes a second to import

    return get_runtime()
